// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/random.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

std::vector<MetricValue> scored(const FeatureMatrix& real, const FeatureMatrix& generated, const Json& options) {
  MetricInput input;
  input.real = &real;
  input.generated = &generated;
  input.options = options;
  return MetricRegistry::instance().make("precision_recall")->score(input);
}

TEST(PrecisionRecall, CountsArePeersExactly) {
  int compared = 0;
  for (const auto& [name, one] : peer_values()["cases"].items()) {
    const FeatureMatrix real = oracle_features(name + "/y"), generated = oracle_features(name + "/x");
    for (const auto& [k, peers] : one["balls"].items()) {
      const Json options = {{"k", std::stoi(k)}, {"draws", 0}, {"rule", "le"}};
      const auto touching = scored(real, generated, options);
      EXPECT_EQ(std::lround(*touching[1].value * static_cast<double>(generated.rows)), peers["le"][0]) << name << k;
      EXPECT_EQ(std::lround(*touching[2].value * static_cast<double>(real.rows)), peers["le"][1]) << name << k;
      ++compared;
      if (!peers.contains("lt")) continue;
      Json strict = options;
      strict["rule"] = "lt";
      for (const MetricValue& value : scored(real, generated, strict)) {
        if (value.name == "precision_recall") continue;
        const std::string score = value.name.substr(std::string("precision_recall/").size());
        EXPECT_EQ(*value.value, peers["lt"][score].get<double>()) << value.name << " of " << name << k;
      }
    }
  }
  EXPECT_GE(compared, 40);
}

/// Every pair of distances compared one by one: slow and clear.
TEST(PrecisionRecall, BlocksAndBoundsChangeNothing) {
  FeatureMatrix real{{}, 600, 3, {}}, generated{{}, 531, 3, {}};
  for (FeatureMatrix* set : {&real, &generated}) {
    for (int64_t i = 0; i < set->rows * 3; ++i) {
      // A coarse grid far from the origin: many ties, and products that lose eight digits.
      set->values.push_back(1e4 +
                            static_cast<double>(Random(5, "grid", static_cast<uint64_t>(i + set->rows)).below(9)));
    }
  }
  const auto distance = [](const FeatureMatrix& a, int64_t i, const FeatureMatrix& b, int64_t j) {
    double sum = 0;
    for (int64_t c = 0; c < 3; ++c) sum += std::pow(a.values[i * 3 + c] - b.values[j * 3 + c], 2);
    return sum;
  };
  const auto radius = [&](const FeatureMatrix& a, int64_t i) {
    std::vector<double> all;
    for (int64_t j = 0; j < a.rows; ++j) {
      if (j != i) all.push_back(distance(a, i, a, j));
    }
    std::sort(all.begin(), all.end());
    return all[2];
  };
  for (const bool touching : {true, false}) {
    double precise = 0, recalled = 0, balls = 0, covered = 0;
    std::vector<double> real_radii, generated_radii;
    for (int64_t j = 0; j < real.rows; ++j) real_radii.push_back(radius(real, j));
    for (int64_t i = 0; i < generated.rows; ++i) generated_radii.push_back(radius(generated, i));
    const auto inside = [&](double d, double r) { return touching ? d <= r : d < r; };
    for (int64_t i = 0; i < generated.rows; ++i) {
      double around = 0;
      for (int64_t j = 0; j < real.rows; ++j) around += inside(distance(generated, i, real, j), real_radii[j]);
      balls += around;
      precise += around > 0;
    }
    for (int64_t j = 0; j < real.rows; ++j) {
      bool any = false, own = false;
      for (int64_t i = 0; i < generated.rows; ++i) {
        any |= inside(distance(generated, i, real, j), generated_radii[i]);
        own |= inside(distance(generated, i, real, j), real_radii[j]);
      }
      recalled += any;
      covered += own;
    }
    const auto values = scored(real, generated, {{"rule", touching ? "le" : "lt"}, {"draws", 0}});
    EXPECT_DOUBLE_EQ(*values[1].value, precise / 531);
    EXPECT_DOUBLE_EQ(*values[2].value, recalled / 600);
    EXPECT_NEAR(*values[3].value, balls / 531 / 3, 1e-12);
    EXPECT_DOUBLE_EQ(*values[4].value, covered / 600);
  }
}

TEST(PrecisionRecall, IntervalsHoldTheValue) {
  const FeatureMatrix real = oracle_features("heavy_tail/y"), generated = oracle_features("heavy_tail/x");
  const auto values = scored(real, generated, Json::object());
  EXPECT_FALSE(values[0].ci95);
  for (size_t i = 1; i < values.size(); ++i) {
    ASSERT_TRUE(values[i].ci95) << values[i].name;
    EXPECT_LT((*values[i].ci95)[0], *values[i].value);
    EXPECT_GT((*values[i].ci95)[1], *values[i].value);
  }
}

TEST(PrecisionRecall, SharesOfOneAreNotCertain) {
  const FeatureMatrix rows = oracle_features("heavy_tail/y");
  const auto values = scored(rows, rows, Json::object());
  for (const size_t share : {1, 2, 4}) {
    EXPECT_EQ(*values[share].value, 1.0) << values[share].name;
    EXPECT_LT((*values[share].ci95)[0], 1.0) << "an interval of width zero says that no other row could lie outside";
    EXPECT_GT((*values[share].ci95)[0], 0.9);
  }
}

TEST(PrecisionRecall, FewerRowsThanNeighboursAreRefused) {
  const FeatureMatrix set = oracle_features("two_samples/x");
  EXPECT_THROW(scored(set, set, Json::object()), UserError);
  EXPECT_NO_THROW(scored(set, set, {{"k", 1}}));
}

}  // namespace
}  // namespace emf
