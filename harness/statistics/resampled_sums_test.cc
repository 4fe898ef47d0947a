// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/resampled_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {
namespace {

double first_mean(std::span<const Sum> sums) { return sums[0].mean(); }

/// Two items each of forty prompts, in two strata, as both ways of writing them down.
struct Made {
  Scores scores;
  ResampledSums sums{{false}};

  explicit Made(uint64_t index, double shift = 0) {
    Random random(5, "resampled_sums_test", index);
    for (int i = 0; i < 80; ++i) {
      const std::string cluster = fmt::format("prompt {:02}", i / 2);
      const double value = random.normal() + shift * (1 + i % 2);
      scores.values.push_back(value);
      scores.clusters.push_back(cluster);
      sums.add("", cluster, 0, {value, 1});
    }
  }
};

TEST(ResampledSums, OfOneMeanAgreeWithTheBootstrapOfMeans) {
  const Made made(0), other(1, 0.3);
  const double value = mean(made.scores.values);
  const std::vector<NumberOfSums> numbers = {{{0}, first_mean}};
  const NumberInterval interval = made.sums.intervals(numbers, {value}, {}).front();
  const Estimate estimate = estimate_mean(made.scores);
  ASSERT_TRUE(interval.ci95 && estimate.ci95);
  EXPECT_NEAR((*interval.ci95)[0], (*estimate.ci95)[0], 1e-12);
  EXPECT_NEAR((*interval.ci95)[1], (*estimate.ci95)[1], 1e-12);
  EXPECT_EQ(interval.clusters, 40);

  const Difference expected = paired_difference(made.scores, other.scores);
  const Difference found = made.sums.differences(numbers, other.sums, numbers, {expected.value}, {}).front();
  EXPECT_NEAR((*found.ci95)[0], (*expected.ci95)[0], 1e-12);
  EXPECT_NEAR(found.p_value, expected.p_value, 1e-12);
  EXPECT_NEAR(*found.smallest_detectable, *expected.smallest_detectable, 1e-12);
}

TEST(ResampledSums, RatiosTakeTheirDenominatorsFromTheSameDraw) {
  // The ratio is 2 in every prompt, so no draw of prompts makes it anything else.
  ResampledSums sums({false, false});
  for (int i = 1; i <= 20; ++i) {
    sums.add("", std::to_string(i), 0, {2.0 * i, 1});
    sums.add("", std::to_string(i), 1, {1.0 * i, 1});
  }
  const NumberOfSums ratio = {{0, 1}, [](std::span<const Sum> own) { return own[0].total / own[1].total; }};
  const auto interval = sums.intervals({ratio}, {2}, {}).front().ci95;
  ASSERT_TRUE(interval);
  EXPECT_NEAR((*interval)[0], 2, 1e-12);
  EXPECT_NEAR((*interval)[1], 2, 1e-12);
}

TEST(ResampledSums, AllRightIsNotCertain) {
  ResampledSums sums({true, true});
  for (int i = 0; i < 30; ++i) {
    sums.add("a", std::to_string(i), 0, {1, 1});
    sums.add("b", std::to_string(i), 1, {i % 2 == 0 ? 1.0 : 0.0, 1});
  }
  const NumberOfSums right = {{0}, first_mean},
                     both = {{0, 1}, [](std::span<const Sum> own) { return (own[0].mean() + own[1].mean()) / 2; }};
  const std::vector<NumberInterval> intervals = sums.intervals({right, both}, {1, 0.75}, {});
  // Nothing but 1 in 30 prompts: about 3.7 / 30 may be wrong.
  EXPECT_NEAR((*intervals[0].ci95)[0], 1 - 3.7 / 30, 0.02);
  EXPECT_EQ((*intervals[0].ci95)[1], 1);
  // A mean with a part that varies keeps its centre: half of the plain interval of that part.
  EXPECT_NEAR(((*intervals[1].ci95)[0] + (*intervals[1].ci95)[1]) / 2, 0.75, 0.02);
}

TEST(ResampledSums, WhatRestsOnOnePromptHasNoInterval) {
  ResampledSums sums({false, false});
  for (int i = 0; i < 10; ++i) sums.add("", std::to_string(i), 0, {0.1 * i, 1});
  sums.add("", "3", 1, {0.5, 1});
  const std::vector<NumberInterval> intervals = sums.intervals({{{0}, first_mean}, {{1}, first_mean}}, {0.45, 0.5}, {});
  EXPECT_TRUE(intervals[0].ci95);
  EXPECT_FALSE(intervals[1].ci95);
  EXPECT_EQ(intervals[1].clusters, 1);
  const Difference alone = sums.differences({{{1}, first_mean}}, sums, {{{1}, first_mean}}, {0}, {}).front();
  EXPECT_FALSE(alone.ci95);
  EXPECT_EQ(alone.p_value, 1);
}

TEST(ResampledSums, StrataKeepTheirNumberOfPrompts) {
  // All 0 in one stratum, all 1 in the other: only strata of fixed size leave the share at one half.
  ResampledSums sums({false});
  for (int i = 0; i < 20; ++i) {
    sums.add("zero", std::to_string(i), 0, {0, 1});
    sums.add("one", std::to_string(i), 0, {1, 1});
  }
  const auto interval = sums.intervals({{{0}, first_mean}}, {0.5}, {}).front().ci95;
  EXPECT_EQ((*interval)[0], 0.5);
  EXPECT_EQ((*interval)[1], 0.5);
}

TEST(ResampledSums, SidesOfDifferentPromptsAreABug) {
  ResampledSums ours({false}), theirs({false});
  ours.add("", "a", 0, {1, 1});
  theirs.add("", "b", 0, {1, 1});
  EXPECT_THROW(ours.differences({{{0}, first_mean}}, theirs, {{{0}, first_mean}}, {0}, {}), InternalError);
}

}  // namespace
}  // namespace emf
