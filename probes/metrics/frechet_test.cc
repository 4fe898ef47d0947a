#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/random.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

FeatureMatrix normal_features(int64_t rows, int64_t columns, uint64_t seed, double shift = 0,
                              double scale = 1) {
  FeatureMatrix features{{}, rows, columns, Json::object()};
  for (int64_t i = 0; i < rows; ++i) {
    Random random(seed, "frechet_test", static_cast<uint64_t>(i));
    for (int64_t j = 0; j < columns; ++j) features.values.push_back(shift + scale * random.normal());
  }
  return features;
}

std::string refusal(const std::string& metric, const FeatureMatrix& real, const FeatureMatrix& generated) {
  try {
    score_features(metric, real, generated);
  } catch (const UserError& error) {
    return error.what();
  }
  return "scored";
}

TEST(Frechet, AgreesWithSixtyDigitArithmetic) {
  for (const MetricCase& one : metric_cases()) {
    const double truth = one.values["fd"];
    EXPECT_NEAR(*score_features("frechet", one.real, one.generated).value, truth, 1e-9 * (1 + truth))
        << one.name;
    EXPECT_NEAR(*score_features("frechet", one.generated, one.real).value, truth, 1e-9 * (1 + truth))
        << one.name;
  }
}

TEST(Frechet, EqualSetsAreAtZero) {
  const FeatureMatrix narrow = normal_features(300, 40, 1), wide = normal_features(40, 300, 2);
  EXPECT_NEAR(*score_features("frechet", narrow, narrow).value, 0, 1e-10);
  EXPECT_NEAR(*score_features("frechet", wide, wide).value, 0, 1e-10);
}

TEST(Frechet, AShiftAddsItsSquaredLength) {
  FeatureMatrix set = normal_features(60, 90, 3), moved = set;
  for (double& value : moved.values) value += 0.5;
  EXPECT_NEAR(*score_features("frechet", set, moved).value, 90 * 0.25, 1e-9 * 24);
}

TEST(Frechet, SmallSetsAreMarked) {
  const FeatureMatrix small = normal_features(1999, 2, 4), large = normal_features(2000, 2, 5);
  EXPECT_EQ(score_features("frechet", large, small).warnings, std::vector<std::string>{"small_n"});
  EXPECT_EQ(score_features("frechet", small, large).warnings, std::vector<std::string>{"small_n"});
  EXPECT_TRUE(score_features("frechet", large, large).warnings.empty());
}

TEST(Frechet, RefusesWhatHasNoDistance) {
  const FeatureMatrix set = normal_features(5, 3, 6);
  EXPECT_NE(refusal("frechet", set, normal_features(1, 3, 7)).find("at least 2 rows of generated"),
            std::string::npos);
  EXPECT_NE(refusal("frechet", set, normal_features(5, 4, 7)).find("3 columns, generated 4"),
            std::string::npos);
  FeatureMatrix broken = set;
  broken.values[7] = std::nan("");
  EXPECT_NE(refusal("frechet", set, broken).find("row 2, column 1"), std::string::npos);
  FeatureMatrix huge = set;
  for (double& value : huge.values) value *= 1e200;
  EXPECT_NE(refusal("frechet", set, huge).find("too large"), std::string::npos);
}

TEST(Frechet, FeaturesOfDifferentThingsAreNotCompared) {
  FeatureMatrix a = normal_features(5, 3, 8), b = a;
  a.identity = {{"layer", "pooled"}, {"weights", "aa"}};
  b.identity = {{"layer", "conv"}, {"weights", "aa"}};
  EXPECT_NE(refusal("frechet", a, b).find("layer is \"pooled\" and \"conv\""), std::string::npos);
  b.identity = a.identity;
  EXPECT_EQ(score_features("frechet", a, b).identity["features"], a.identity);
}

TEST(Frechet, NameIsTakenFromTheOptions) {
  const FeatureMatrix set = normal_features(5, 3, 9);
  EXPECT_EQ(score_features("frechet", set, set, {{"name", "fd_lite0"}}).name, "fd_lite0");
}

}  // namespace
}  // namespace emf
