// SPDX-License-Identifier: Apache-2.0
// Correlations of ranks against values counted by hand, ties and what is given included.
#include "harness/statistics/rank_correlation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace emf {
namespace {

TEST(RankCorrelation, IsOneWhereOrdersAgreeWhateverTheValues) {
  const auto same = rank_correlation({1, 2, 30, 400, 5000, 6e4}, {-9, -8, 0, .1, .2, 7});
  EXPECT_DOUBLE_EQ(same->value, 1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4, 5, 6}, {6, 5, 4, 3, 2, 1})->value, -1);
  EXPECT_GT((*same->ci95)[0], 0.9);
}

TEST(RankCorrelation, EqualsSpearmansFormula) {
  // 1 - 6 sum d^2 / (n (n^2 - 1)): ranks 1..6 against 2 1 4 3 6 5, sum d^2 = 6.
  const auto some = rank_correlation({1, 2, 3, 4, 5, 6}, {20, 10, 40, 30, 60, 50});
  EXPECT_NEAR(some->value, 1 - 6.0 * 6 / (6 * 35), 1e-12);
  const double z = std::atanh(some->value), reach = 1.959963985 * std::sqrt(1.06 / 3);
  EXPECT_NEAR((*some->ci95)[0], std::tanh(z - reach), 1e-8);
  EXPECT_NEAR((*some->ci95)[1], std::tanh(z + reach), 1e-8);
  EXPECT_EQ(*some->needed, std::ceil(3 + 1.06 * std::pow(1.959963985 / z, 2)));
}

TEST(RankCorrelation, EqualValuesShareTheirRank) {
  // Ranks 0 1.5 1.5 3 4 against 0 2 1 3.5 3.5: products of what is about their means sum to 9, squares to 9.5 each.
  EXPECT_NEAR(rank_correlation({1, 2, 2, 3, 4}, {1, 3, 2, 4, 4})->value, 9 / 9.5, 1e-12);
}

TEST(RankCorrelation, TakesOutWhatIsGiven) {
  const std::vector<double> cause = {1, 2, 3, 4, 5, 6, 7, 8};
  // Both follow the cause with disturbances of their own.
  const std::vector<double> x = {2, 1, 3, 4, 6, 5, 7, 8}, y = {1, 2, 4, 3, 5, 6, 8, 7};
  const auto plain = rank_correlation(x, y), partial = rank_correlation(x, y, cause);
  EXPECT_GT(plain->value, 0.8);
  const auto r = [](const std::vector<double>& a, const std::vector<double>& b) {
    return rank_correlation(a, b)->value;
  };
  const double expected = (r(x, y) - r(x, cause) * r(y, cause)) /
                          std::sqrt((1 - std::pow(r(x, cause), 2)) * (1 - std::pow(r(y, cause), 2)));
  EXPECT_NEAR(partial->value, expected, 1e-12);
  EXPECT_LT(partial->value, 0.1);
}

TEST(RankCorrelation, SaysNothingOfTooFewOrEqualValues) {
  EXPECT_FALSE(rank_correlation({1, 2}, {1, 2}));
  EXPECT_FALSE(rank_correlation({1, 1, 1, 1}, {1, 2, 3, 4}));
  EXPECT_FALSE(rank_correlation({1, 2, 3, 4}, {1, 2, 4, 3}, {1, 2, 3, 4})) << "what is given says all of one side";
  EXPECT_FALSE(rank_correlation({1, 2, 3, 4}, {1, 2, 4, 3})->ci95);
}

}  // namespace
}  // namespace emf
