// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/statistics/statistics.h"
#include "tests/oracle/metric_cases.h"
#include "tests/oracle/normal_features.h"

namespace emf {
namespace {

Json oracle() { return read_json(project_root() / "tests/oracle/distribution_values.json"); }

TEST(Mind, IsTorchFidelitysNumber) {
  int compared = 0;
  const Json values = oracle();
  for (const auto& [name, one] : values["cases"].items()) {
    const FeatureMatrix real = oracle_features(name + "/y"), generated = oracle_features(name + "/x");
    // In float32, as the peer counts, features at 1e4 have lost their differences.
    if (name == "large_offset") continue;
    const auto expect = [&](const char* key, const Json& options) {
      const double peer = one[key];
      EXPECT_NEAR(*score_features("mind", real, generated, options).value, peer, 1e-6 * peer + 1e-12) << name;
    };
    expect("mind", {{"interval", "none"}});
    expect("mind_of_seed_7", {{"direction_seed", 7}, {"directions", 64}});
    ++compared;
  }
  EXPECT_GE(compared, 15);
}

TEST(Mind, IsNoDistanceOfASetFromItself) {
  const FeatureMatrix a = normal_features(50, 6, 1), b = normal_features(50, 6, 2, 0.5);
  EXPECT_EQ(*score_features("mind", a, a).value, 0);
  // A released copy projects one set twice and so calls any two sets equal.
  EXPECT_GT(*score_features("mind", a, b).value, 1);
}

TEST(Mind, OfAShiftIsThreeTimesItsSquare) {
  // Along u a shift s moves every row by u.s, and the mean of (u.s)^2 over directions is |s|^2 / D.
  const FeatureMatrix a = normal_features(40, 8, 3);
  FeatureMatrix b = a;
  for (double& value : b.values) value += 0.25;
  const MetricValue value = score_features("mind", a, b, {{"directions", 20000}});
  EXPECT_NEAR(*value.value, 3 * 8 * 0.25 * 0.25, 4 * value.details["standard_error_of_directions"].get<double>());
}

TEST(Mind, IntervalSpreadsAsTheEstimateDoes) {
  std::vector<double> values, widths;
  for (uint64_t trial = 0; trial < 60; ++trial) {
    const FeatureMatrix a = normal_features(80, 6, 100 + 2 * trial), b = normal_features(80, 6, 101 + 2 * trial, 0.4);
    const MetricValue value = score_features("mind", a, b, {{"directions", 100}});
    values.push_back(*value.value);
    widths.push_back((*value.ci95)[1] - (*value.ci95)[0]);
    EXPECT_LE((*value.ci95)[0], *value.value);
  }
  EXPECT_NEAR(mean(widths) / (2 * 2.09 * sample_std(values)), 1, 0.35);
}

TEST(Mind, OfUnequalSizesCutsTheLargerOneAndSaysSo) {
  const FeatureMatrix a = normal_features(90, 6, 1), b = normal_features(50, 6, 2, 0.5);
  const MetricValue value = score_features("mind", a, b);
  EXPECT_EQ(value.details["rows_a_side"], 50);
  EXPECT_NE(value.identity["estimator"].get<std::string>().find("50 rows a side"), std::string::npos);
  EXPECT_EQ(*value.value, *score_features("mind", b, a).value);
}

TEST(Mind, SaysWhereThereAreTooFewDirections) {
  const FeatureMatrix a = normal_features(5, 1, 1), b = normal_features(5, 1, 2);
  EXPECT_THROW(score_features("mind", a, b, {{"directions", 3}}), UserError);
}

}  // namespace
}  // namespace emf
