// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "harness/statistics/statistics.h"
#include "tests/oracle/metric_cases.h"
#include "tests/oracle/normal_features.h"

namespace emf {
namespace {

MetricValue relative(const FeatureMatrix& real, const FeatureMatrix& generated, const FeatureMatrix& held_out,
                     const Json& options = Json::object()) {
  MetricInput input;
  input.real = &real;
  input.generated = &generated;
  input.held_out = &held_out;
  input.options = options;
  return MetricRegistry::instance().make("fdr")->score(input).front();
}

TEST(Fdr, IsTheQuotientOfTwoFrechetDistances) {
  const FeatureMatrix real = normal_features(60, 4, 1), generated = normal_features(50, 4, 2, 0.5),
                      held_out = normal_features(50, 4, 3);
  const double above = *score_features("frechet", real, generated).value,
               below = *score_features("frechet", real, held_out).value;
  EXPECT_NEAR(*relative(real, generated, held_out).value, above / below, 1e-12 * above / below);
}

TEST(Fdr, HasNoUnit) {
  const auto scaled = [](FeatureMatrix features) {
    for (double& value : features.values) value *= 1000;
    return features;
  };
  const FeatureMatrix real = normal_features(60, 4, 1), generated = normal_features(50, 4, 2, 0.5),
                      held_out = normal_features(50, 4, 3);
  const double value = *relative(real, generated, held_out).value;
  EXPECT_NEAR(*relative(scaled(real), scaled(generated), scaled(held_out)).value, value, 1e-9 * value);
}

TEST(Fdr, OfMoreRealPicturesHoldsOneInMostIntervals) {
  int held = 0;
  for (uint64_t trial = 0; trial < 40; ++trial) {
    const MetricValue value = relative(normal_features(120, 4, 10 + 3 * trial), normal_features(120, 4, 11 + 3 * trial),
                                       normal_features(120, 4, 12 + 3 * trial));
    held += (*value.ci95)[0] <= 1 && 1 <= (*value.ci95)[1] ? 1 : 0;
  }
  EXPECT_GE(held, 32);
}

TEST(Fdr, SaysWhereSizesDifferAndRefusesTheReferenceItself) {
  const FeatureMatrix real = normal_features(60, 4, 1), generated = normal_features(50, 4, 2),
                      held_out = normal_features(40, 4, 3);
  EXPECT_EQ(relative(real, generated, held_out).warnings,
            (std::vector<std::string>{"small_n", "held_out_of_another_size"}));
  EXPECT_THROW(relative(real, generated, real), UserError);
  EXPECT_THROW(relative(real, generated, normal_features(40, 5, 3)), UserError);
}

}  // namespace
}  // namespace emf
