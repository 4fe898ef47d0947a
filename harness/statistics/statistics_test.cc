// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {
namespace {

std::vector<double> normals(uint64_t index, int count, double shift = 0) {
  Random random(11, "statistics_test", index);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(shift + random.normal());
  return values;
}

TEST(Statistics, MomentsAndPercentilesAsNumpyHasThem) {
  const std::vector<double> values = {3, 1, 4, 1, 5};
  EXPECT_DOUBLE_EQ(mean(values), 2.8);
  EXPECT_DOUBLE_EQ(sample_std(values), std::sqrt(3.2));
  EXPECT_DOUBLE_EQ(percentile(values, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(percentile(values, 0.9), 4.6);
  EXPECT_DOUBLE_EQ(percentile(values, 1), 5);
  EXPECT_DOUBLE_EQ(percentile({7}, 0.3), 7);
  EXPECT_THROW(mean({}), InternalError);
}

TEST(Bootstrap, StandardErrorAgreesWithTheClosedForm) {
  const std::vector<double> values = normals(0, 200);
  const std::vector<double> draws = bootstrap(200, [&](std::span<const int32_t> counts) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += counts[i] * values[i];
    return sum / 200;
  });
  ASSERT_EQ(draws.size(), 2000u);
  const double exact = sample_std(values) * std::sqrt(199.0 / 200.0) / std::sqrt(200.0);
  EXPECT_NEAR(sample_std(draws) / exact, 1,
              4 / std::sqrt(2.0 * 2000));  // four standard errors of a standard deviation
  EXPECT_NEAR(mean(draws), mean(values), 4 * exact / std::sqrt(2000.0));
}

TEST(Bootstrap, IntervalsCoverTheTruth) {
  BootstrapOptions options;
  options.draws = 400;
  constexpr int kTrials = 400;
  int covered = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const Estimate estimate = estimate_mean({normals(100 + trial, 40), {}, {}}, options);
    covered += (*estimate.ci95)[0] <= 0 && 0 <= (*estimate.ci95)[1];
  }
  // Percentile intervals of 40 normals cover about 93.5 %; four standard errors either side.
  EXPECT_NEAR(static_cast<double>(covered) / kTrials, 0.935, 4 * std::sqrt(0.935 * 0.065 / kTrials));
}

TEST(Bootstrap, SeedFixesTheDrawsAndChangesThem) {
  const Scores scores = {normals(1, 50), {}, {}};
  BootstrapOptions other;
  other.seed = 1;
  EXPECT_EQ(*estimate_mean(scores).ci95, *estimate_mean(scores).ci95);
  EXPECT_NE(*estimate_mean(scores).ci95, *estimate_mean(scores, other).ci95);
}

TEST(Bootstrap, ClustersAreWhatIsResampled) {
  // Four equal pictures a prompt say no more than one picture a prompt.
  Scores once, four_times;
  const std::vector<double> values = normals(2, 60);
  for (size_t i = 0; i < values.size(); ++i) {
    for (int picture = 0; picture < 4; ++picture) {
      four_times.values.push_back(values[i]);
      four_times.clusters.push_back("prompt " + std::to_string(100 + i));
    }
    once.values.push_back(values[i]);
    once.clusters.push_back("prompt " + std::to_string(100 + i));
  }
  const Estimate a = estimate_mean(once), b = estimate_mean(four_times);
  EXPECT_EQ(b.n, 240);
  EXPECT_EQ(b.clusters, 60);
  EXPECT_NEAR((*a.ci95)[0], (*b.ci95)[0], 1e-12);
  EXPECT_NEAR((*a.ci95)[1], (*b.ci95)[1], 1e-12);
}

TEST(Bootstrap, OrderOfItemsDoesNotMatterInNamedClusters) {
  Scores scores = {{1, 0, 1, 1, 0, 0, 1}, {"a", "a", "b", "c", "c", "d", "e"}, {"s", "s", "s", "t", "t", "t", "t"}};
  Scores reversed = scores;
  std::reverse(reversed.values.begin(), reversed.values.end());
  std::reverse(reversed.clusters.begin(), reversed.clusters.end());
  std::reverse(reversed.strata.begin(), reversed.strata.end());
  EXPECT_EQ(*estimate_mean(scores).ci95, *estimate_mean(reversed).ci95);
}

TEST(Bootstrap, StrataWeighEquallyWhateverTheirSizes) {
  const Scores scores = {{1, 1, 1, 0}, {"a", "b", "c", "d"}, {"x", "x", "x", "y"}};
  EXPECT_DOUBLE_EQ(estimate_mean(scores).value, 0.5);
}

TEST(Bootstrap, StrataFromTheSameDrawsAreThoseOfTheirOwn) {
  Scores both;
  std::map<std::string, Scores> alone;
  for (int i = 0; i < 40; ++i) {
    const std::string stratum = i % 3 == 0 ? "a" : "b", cluster = std::to_string(i / 4);
    for (Scores* scores : {&both, &alone[stratum]}) {
      scores->values.push_back(i % 7);
      scores->clusters.push_back(cluster);
      scores->strata.push_back(stratum);
    }
  }
  std::map<std::string, Estimate> strata;
  const Estimate whole = estimate_mean(both, {}, strata);
  EXPECT_EQ(whole.ci95, estimate_mean(both).ci95);
  ASSERT_EQ(strata.size(), 2u);
  for (const auto& [name, scores] : alone) {
    const Estimate own = estimate_mean(scores);
    EXPECT_EQ(strata[name].value, own.value);
    EXPECT_EQ(strata[name].ci95, own.ci95);
    EXPECT_EQ(strata[name].n, own.n);
    EXPECT_EQ(strata[name].clusters, own.clusters);
  }
}

TEST(Bootstrap, UnanimousSharesAreNotCertain) {
  // 40 prompts, each right once in a hundred: two worlds in three show no right picture at all.
  constexpr int kWorlds = 300, kPrompts = 40;
  constexpr double kTruth = 0.01;
  int held = 0, held_plainly = 0;
  for (int world = 0; world < kWorlds; ++world) {
    Random random(static_cast<uint64_t>(world), "unanimous", 0);
    Scores scores;
    for (int i = 0; i < kPrompts; ++i) scores.values.push_back(random.uniform() < kTruth ? 1 : 0);
    BootstrapOptions options;
    options.draws = 400;
    const auto holds = [&](const Interval& interval) { return interval[0] <= kTruth && kTruth <= interval[1]; };
    held_plainly += holds(*estimate_mean(scores, options).ci95) ? 1 : 0;
    options.shares = true;
    held += holds(*estimate_mean(scores, options).ci95) ? 1 : 0;
  }
  EXPECT_LT(held_plainly, kWorlds / 2);
  EXPECT_GT(held, kWorlds * 9 / 10);
  const Scores none{std::vector<double>(40, 0), {}, {}}, all{std::vector<double>(40, 1), {}, {}};
  const BootstrapOptions shares{.shares = true};
  EXPECT_EQ((*estimate_mean(none, shares).ci95)[0], 0);
  EXPECT_NEAR((*estimate_mean(none, shares).ci95)[1], 1 - std::pow(0.025, 1.0 / 41), 0.01);
  EXPECT_NEAR((*estimate_mean(all, shares).ci95)[0], std::pow(0.025, 1.0 / 41), 0.01);
  EXPECT_EQ((*estimate_mean(all, shares).ci95)[1], 1);
}

TEST(Bootstrap, OneClusterHasNoInterval) { EXPECT_FALSE(estimate_mean({{1, 0}, {"a", "a"}, {}}).ci95.has_value()); }

TEST(PairedDifference, SharedClustersCancel) {
  Scores a = {normals(3, 80), {}, {}}, b = a;
  for (double& value : b.values) value -= 0.25;  // differs by a constant: no spread is left once paired
  const Difference difference = paired_difference(a, b);
  EXPECT_NEAR(difference.value, 0.25, 1e-12);
  EXPECT_NEAR((*difference.ci95)[0], 0.25, 1e-12);
  EXPECT_NEAR((*difference.ci95)[1], 0.25, 1e-12);
  EXPECT_DOUBLE_EQ(difference.p_value, 2.0 / 2001);
  const Difference none = paired_difference(a, a);
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(none.p_value, 1);
}

TEST(PairedDifference, ThatEveryClusterShowsIsNotCertain) {
  Scores none, all;
  for (int i = 0; i < 20; ++i) {
    for (Scores* scores : {&none, &all}) scores->clusters.push_back("prompt " + std::to_string(i));
    none.values.push_back(0);
    all.values.push_back(1);
  }
  BootstrapOptions options;
  options.shares = true;
  const Difference tie = paired_difference(none, none, options), whole = paired_difference(all, none, options);
  ASSERT_TRUE(tie.ci95 && whole.ci95);
  EXPECT_EQ(tie.value, 0);
  EXPECT_LT((*tie.ci95)[0], -0.05);
  EXPECT_GT((*tie.ci95)[1], 0.05);
  EXPECT_GT(tie.p_value, 0.9);
  EXPECT_EQ((*whole.ci95)[1], 1);
  // One in twenty of another kind would still be seen as none more than a third of the time.
  EXPECT_LT((*whole.ci95)[0], 0.95);
  EXPECT_GT((*whole.ci95)[0], 0.8);
  EXPECT_LT(whole.p_value, 0.01);
}

TEST(PairedDifference, PValueIsRoughlyUniformWithoutADifference) {
  BootstrapOptions options;
  options.draws = 300;
  constexpr int kTrials = 300;
  int below_a_tenth = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const Scores a = {normals(1000 + 2 * trial, 50), {}, {}}, b = {normals(1001 + 2 * trial, 50), {}, {}};
    below_a_tenth += paired_difference(a, b, options).p_value < 0.1;
  }
  EXPECT_NEAR(below_a_tenth / static_cast<double>(kTrials), 0.1, 4 * std::sqrt(0.09 / kTrials));
}

TEST(PairedDifference, RefusesDifferentPrompts) {
  try {
    paired_difference({{1, 0}, {"a", "b"}, {}}, {{1, 0}, {"a", "c"}, {}});
    FAIL() << "different prompts were paired";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("'b'"), std::string::npos);
  }
}

TEST(PairedDifference, SmallestDetectableIsFoundFourTimesInFive) {
  BootstrapOptions options;
  options.draws = 300;
  constexpr int kTrials = 300;
  const Difference known = paired_difference({normals(7, 60), {}, {}}, {normals(8, 60), {}, {}}, options);
  ASSERT_TRUE(known.smallest_detectable);
  EXPECT_NEAR(*known.standard_error, std::sqrt(2.0 / 60), 0.06);
  int found = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    Scores a = {normals(5000 + 2 * trial, 60), {}, {}};
    const double truth = smallest_detectable_difference(std::sqrt(2.0 / 60), 59);
    for (double& value : a.values) value += truth;
    found += paired_difference(a, {normals(5001 + 2 * trial, 60), {}, {}}, options).p_value < 0.05;
  }
  EXPECT_NEAR(found / static_cast<double>(kTrials), 0.8, 4 * std::sqrt(0.16 / kTrials));
}

TEST(Quantiles, AgreeWithTables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(t_quantile(0.975, 1), 12.706204736174698, 1e-12);
  EXPECT_NEAR(t_quantile(0.975, 9), 2.262157162798205, 1e-13);
  EXPECT_NEAR(t_quantile(0.2, 30), -t_quantile(0.8, 30), 1e-14);
  EXPECT_THROW(t_quantile(1, 5), InternalError);
}

TEST(Quantiles, SeedsGiveStudentsInterval) {
  const std::vector<double> seeds = {0.71, 0.74, 0.77};
  const Interval interval = t_interval(seeds);
  EXPECT_NEAR((interval[0] + interval[1]) / 2, 0.74, 1e-12);
  EXPECT_NEAR(interval[1] - 0.74, 4.302652729749462 * 0.03 / std::sqrt(3.0), 1e-12);
}

TEST(ManyComparisons, HolmAndBenjaminiHochbergAsPublished) {
  // R: p.adjust(c(.01, .04, .03, .005, .5), "holm") and "BH".
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005, 0.5};
  const std::vector<double> expected_holm = {0.04, 0.09, 0.09, 0.025, 0.5},
                            expected_bh = {0.025, 0.05, 0.05, 0.025, 0.5};
  const std::vector<double> by_holm = holm(p), by_bh = benjamini_hochberg(p);
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(by_holm[i], expected_holm[i], 1e-15) << i;
    EXPECT_NEAR(by_bh[i], expected_bh[i], 1e-15) << i;
    EXPECT_GE(by_bh[i], p[i]);
  }
  EXPECT_TRUE(holm({}).empty());
  EXPECT_EQ(holm({0.6, 0.7}), (std::vector<double>{1, 1}));
  EXPECT_THROW(benjamini_hochberg({1.5}), InternalError);
}

}  // namespace
}  // namespace emf
