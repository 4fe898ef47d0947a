// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/statistics/statistics.h"
#include "tests/oracle/metric_cases.h"
#include "tests/oracle/normal_features.h"

namespace emf {
namespace {

double tolerance(double truth) { return std::max(1e-10 * std::abs(truth), 1e-12); }

TEST(Kid, AgreesWithRationalArithmetic) {
  for (const MetricCase& one : metric_cases()) {
    const double truth = one.values["kid_exact"];
    const double value = *score_features("kid", one.real, one.generated, {{"draws", 0}}).value;
    EXPECT_NEAR(value, truth, tolerance(truth)) << one.name;
  }
}

TEST(Kid, AgreesWithTorchFidelityWhereDoublesSuffice) {
  for (const MetricCase& one : metric_cases()) {
    // There torch-fidelity itself is 5e-8 off the rational value.
    if (one.name == "large_offset") continue;
    if (one.values.contains("kid_peer")) {
      const double peer = one.values["kid_peer"];
      EXPECT_NEAR(*score_features("kid", one.real, one.generated, {{"draws", 0}}).value, peer, tolerance(peer))
          << one.name;
    }
    if (!one.values.contains("kid_subsets")) continue;
    for (const Json& subset : one.values["kid_subsets"]) {
      const double peer = subset["kid_peer"];
      const double value = *score_features("kid", rows_of(one.real, subset["rows_y"]),
                                           rows_of(one.generated, subset["rows_x"]), {{"draws", 0}})
                                .value;
      EXPECT_NEAR(value, peer, tolerance(peer)) << one.name;
    }
  }
}

TEST(Kid, SeedFixesTheIntervalAndChangesIt) {
  const FeatureMatrix a = normal_features(40, 6, 1), b = normal_features(50, 6, 2, 0.3);
  const auto interval = [&](uint64_t seed) { return *score_features("kid", a, b, Json::object(), seed).ci95; };
  EXPECT_EQ(interval(0), interval(0));
  EXPECT_NE(interval(0), interval(1));
}

TEST(Kid, IntervalSpreadsAsTheEstimateDoes) {
  // Against the spread over fresh sets: that is what an interval claims to know.
  std::vector<double> values, widths;
  for (uint64_t trial = 0; trial < 60; ++trial) {
    const FeatureMatrix a = normal_features(80, 6, 100 + 2 * trial), b = normal_features(80, 6, 101 + 2 * trial, 0.4);
    const MetricValue value = score_features("kid", a, b, {{"draws", 200}});
    values.push_back(*value.value);
    widths.push_back((*value.ci95)[1] - (*value.ci95)[0]);
  }
  EXPECT_NEAR(mean(widths) / (2 * 1.96 * sample_std(values)), 1, 0.35);
}

TEST(Kid, SubsetsAreDrawnWithoutReplacementAndAveraged) {
  const FeatureMatrix a = normal_features(40, 6, 5), b = normal_features(40, 6, 6, 0.3);
  const MetricValue whole = score_features("kid", a, b, {{"draws", 0}});
  // A subset as large as the sets is the sets.
  const MetricValue all = score_features("kid", a, b, {{"subsets", 3}, {"subset_size", 40}});
  EXPECT_NEAR(*all.value, *whole.value, 1e-12);
  EXPECT_NEAR(all.details["std"].get<double>(), 0, 1e-12);
  // Fewer rows than a subset has are no smaller subsets without a word: an interval of no width came of it.
  EXPECT_THROW(score_features("kid", a, b, {{"subsets", 3}}), UserError);
  EXPECT_THROW(score_features("kid", a, b, {{"subsets", 3}, {"subset_size", 41}}), UserError);
  const MetricValue some = score_features("kid", a, b, {{"subsets", 200}, {"subset_size", 20}});
  EXPECT_GT(some.details["std"].get<double>(), 0);
  EXPECT_NEAR(*some.value, *whole.value, 4 * some.details["std"].get<double>() / std::sqrt(200.0));
}

TEST(Kid, SubsetsOfTorchFidelityAreMet) {
  int compared = 0;
  for (const auto& [name, one] : peer_values()["cases"].items()) {
    if (!one.contains("kid_driver")) continue;
    const Json& peer = one["kid_driver"];
    const MetricValue value = score_features(
        "kid", oracle_features(name + "/y"), oracle_features(name + "/x"),
        {{"compat", "torch-fidelity"}, {"subsets", peer["subsets"]}, {"subset_size", peer["subset_size"]}});
    const double expected = peer["kernel_inception_distance_mean"];
    EXPECT_NEAR(*value.value, expected, 1e-10 * std::abs(expected)) << name;
    EXPECT_NEAR(value.details["std"].get<double>(), peer["kernel_inception_distance_std"].get<double>(), 1e-10) << name;
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

}  // namespace
}  // namespace emf
