// SPDX-License-Identifier: Apache-2.0
// Means of a judge's verdicts with its error taken out.
#include "harness/statistics/judge_correction.h"

#include <gtest/gtest.h>

#include "harness/base/random.h"

namespace emf {
namespace {

/// A judge that accepts right pictures with probability `right`, wrong ones with `wrong`, of `share` right pictures.
Scores judged(double share, double right, double wrong, int count, uint64_t seed) {
  Scores scores;
  for (int i = 0; i < count; ++i) {
    Random random(seed, "judged", static_cast<uint64_t>(i));
    const bool truth = random.uniform() < share;
    scores.values.push_back(random.uniform() < (truth ? right : wrong) ? 1 : 0);
    scores.clusters.push_back(std::to_string(i));
    scores.strata.push_back("colors");
  }
  return scores;
}

TEST(JudgeCorrection, PerfectJudgeChangesNothing) {
  const JudgeCorrection correction({{"colors", {100000, 100000, 0, 100000}}});
  const Scores scores = judged(0.4, 1, 0, 200, 1);
  const Estimate plain = estimate_mean(scores), corrected = *correction.corrected_mean(scores);
  EXPECT_DOUBLE_EQ(corrected.value, plain.value);
  EXPECT_NEAR((*corrected.ci95)[0], (*plain.ci95)[0], 0.02);
  EXPECT_NEAR((*corrected.ci95)[1], (*plain.ci95)[1], 0.02);
}

TEST(JudgeCorrection, FormulaPerTask) {
  const JudgeCorrection correction({{"a", {90, 100, 20, 100}}, {"b", {80, 100, 0, 100}}});
  Scores scores;
  for (int i = 0; i < 20; ++i) {
    scores.values.push_back(i % 10 < (i < 10 ? 6 : 4) ? 1 : 0);
    scores.clusters.push_back(std::to_string(i));
    scores.strata.push_back(i < 10 ? "a" : "b");
  }
  EXPECT_NEAR(correction.corrected_mean(scores)->value, ((0.6 - 0.2) / 0.7 + 0.4 / 0.8) / 2, 1e-12);
}

// The interval must hold the truth about as often as it says, where a plain one misses it.
TEST(JudgeCorrection, IntervalsHoldTheTruth) {
  constexpr double kShare = 0.3, kRight = 0.85, kWrong = 0.15;
  constexpr int kWorlds = 200;
  BootstrapOptions options;
  options.draws = 400;
  int held = 0, held_plain = 0;
  for (uint64_t world = 0; world < kWorlds; ++world) {
    Random random(world, "trials", 0);
    JudgeTrials trials{0, 60, 0, 60};
    for (int i = 0; i < 60; ++i) {
      trials.right_accepted += random.uniform() < kRight ? 1 : 0;
      trials.wrong_accepted += random.uniform() < kWrong ? 1 : 0;
    }
    const Scores scores = judged(kShare, kRight, kWrong, 200, world);
    const Estimate corrected = *JudgeCorrection({{"colors", trials}}, options).corrected_mean(scores);
    const Estimate plain = estimate_mean(scores, options);
    held += (*corrected.ci95)[0] <= kShare && kShare <= (*corrected.ci95)[1] ? 1 : 0;
    held_plain += (*plain.ci95)[0] <= kShare && kShare <= (*plain.ci95)[1] ? 1 : 0;
  }
  EXPECT_GE(held, 0.9 * kWorlds);
  EXPECT_LE(held_plain, 0.8 * kWorlds);
}

TEST(JudgeCorrection, FewTrialsMakeItWide) {
  const Scores scores = judged(0.5, 1, 0, 100, 3);
  const auto width = [&](int64_t trials) {
    const Estimate estimate = *JudgeCorrection({{"colors", {trials, trials, 0, trials}}}).corrected_mean(scores);
    return (*estimate.ci95)[1] - (*estimate.ci95)[0];
  };
  EXPECT_GT(width(5), width(500) + 0.02);
}

TEST(JudgeCorrection, SaysNothingWhereTheJudgeTellsNothing) {
  const Scores scores = judged(0.5, 1, 0, 100, 3);
  EXPECT_FALSE(JudgeCorrection({{"counting", {10, 10, 0, 10}}}).corrected_mean(scores).has_value());
  EXPECT_FALSE(JudgeCorrection({{"colors", {10, 20, 9, 20}}}).corrected_mean(scores).has_value());
  EXPECT_FALSE(JudgeCorrection({{"colors", {10, 10, 0, 0}}}).corrected_mean(scores).has_value());
}

TEST(JudgeCorrection, JsonGoesBothWays) {
  const Json json = to_json(std::map<std::string, JudgeTrials>{{"colors", {1, 2, 3, 4}}});
  EXPECT_EQ(json, Json::parse(R"({"colors": {"right": [1, 2], "wrong": [3, 4]}})"));
  const JudgeTrials read = judge_trials(json).at("colors");
  EXPECT_EQ(read.right_accepted, 1);
  EXPECT_EQ(read.right, 2);
  EXPECT_EQ(read.wrong_accepted, 3);
  EXPECT_EQ(read.wrong, 4);
}

TEST(JudgeCorrection, NothingAcceptedIsNoCertainty) {
  JudgeTrials trials;
  trials.right = trials.wrong = 200;
  trials.right_accepted = 190;
  trials.wrong_accepted = 2;
  const JudgeCorrection correction({{"colors", trials}});
  Scores none;
  for (int i = 0; i < 20; ++i) {
    none.values.push_back(0);
    none.clusters.push_back(std::to_string(i));
    none.strata.emplace_back("colors");
  }
  const Estimate estimate = *correction.corrected_mean(none);
  EXPECT_EQ(estimate.value, 0);
  EXPECT_EQ((*estimate.ci95)[0], 0);
  EXPECT_GT((*estimate.ci95)[1], 0.1);  // of 20 prompts a true share of .1 shows none one time in eight
  EXPECT_LT((*estimate.ci95)[1], 0.3);
}

}  // namespace
}  // namespace emf
