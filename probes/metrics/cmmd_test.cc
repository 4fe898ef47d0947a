// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/statistics/statistics.h"
#include "tests/oracle/metric_cases.h"
#include "tests/oracle/normal_features.h"

namespace emf {
namespace {

Json oracle() { return read_json(project_root() / "tests/oracle/distribution_values.json"); }

TEST(Cmmd, IsTheReleasedFormulasNumber) {
  const Json values = oracle();
  ASSERT_GE(values["cases"].size(), 15u);
  for (const auto& [name, one] : values["cases"].items()) {
    const FeatureMatrix real = oracle_features(name + "/y"), generated = oracle_features(name + "/x");
    const auto expect = [&](const char* key, const Json& options) {
      if (!one.contains(key)) return;
      const double peer = one[key];
      // The formula subtracts means near 1 in float64 and multiplies by 1000.
      EXPECT_NEAR(*score_features("cmmd", real, generated, options).value, peer, 1e-12 * std::abs(peer) + 2e-12)
          << name << " " << key;
    };
    expect("cmmd", Json::object());
    expect("cmmd_of_sigma_1", {{"sigma", 1.0}});
    expect("cmmd_of_rows_as_they_are", {{"normalize", false}});
  }
}

TEST(Cmmd, KeepsItsDigitsFarFromTheOrigin) {
  const FeatureMatrix a = normal_features(40, 6, 1), b = normal_features(40, 6, 2, 0.5);
  FeatureMatrix far_a = a, far_b = b;
  for (double& value : far_a.values) value += 4096;
  for (double& value : far_b.values) value += 4096;
  const Json options = {{"normalize", false}, {"sigma", 2.0}};
  const double near = *score_features("cmmd", a, b, options).value;
  EXPECT_NEAR(*score_features("cmmd", far_a, far_b, options).value, near, 1e-9 * near);
}

TEST(Cmmd, GroupsOfTheJackknifeMoveNoDigitOfTheValue) {
  const FeatureMatrix a = normal_features(150, 6, 1), b = normal_features(140, 6, 2, 0.5);
  const MetricValue with = score_features("cmmd", a, b), without = score_features("cmmd", a, b, {{"groups", 0}});
  EXPECT_NEAR(*with.value, *without.value, 1e-12 * *with.value);
  EXPECT_TRUE(with.ci95.has_value());
  EXPECT_FALSE(without.ci95.has_value());
}

TEST(Cmmd, JackknifeLeavesOutWholeGroups) {
  // Against distances of sets from which the group was really taken.
  const FeatureMatrix a = normal_features(30, 4, 5), b = normal_features(30, 4, 6, 0.3);
  const MetricValue value = score_features("cmmd", a, b, {{"groups", 30}});
  double variance = 0, shift = 0;
  for (const bool left : {true, false}) {
    std::vector<double> values;
    for (int64_t i = 0; i < 30; ++i) {
      std::vector<int64_t> rows;
      for (int64_t j = 0; j < 30; ++j) {
        if (j != i) rows.push_back(j);
      }
      const Json options = {{"groups", 0}};
      values.push_back(left ? *score_features("cmmd", rows_of(a, rows), b, options).value
                            : *score_features("cmmd", a, rows_of(b, rows), options).value);
    }
    for (const double one : values) variance += (one - mean(values)) * (one - mean(values)) * 29 / 30;
    shift += mean(values) - *value.value;
  }
  EXPECT_NEAR(value.details["standard_error"].get<double>(), std::sqrt(variance), 1e-9 * std::sqrt(variance));
  EXPECT_NEAR(value.details["bias_corrected"].get<double>(), *value.value - 29 * shift, 1e-9);
}

TEST(Cmmd, RefusesRowsWithoutADirection) {
  FeatureMatrix a = normal_features(5, 3, 1);
  const FeatureMatrix b = normal_features(5, 3, 2);
  for (int column = 0; column < 3; ++column) a.values[static_cast<size_t>(6 + column)] = 0;
  try {
    score_features("cmmd", a, b);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("real features are all zero at row 2"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace emf
