// SPDX-License-Identifier: Apache-2.0
// Claims: passed, failed or left open, on scores of pictures and on distances of sets, whichever way is better.
#include "harness/engine/suite/claims.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

/// `right` of `count` pictures right, over as many prompts of two tasks.
Scores shares(int right, int count) {
  Scores scores;
  for (int i = 0; i < count; ++i) {
    scores.values.push_back(i < right ? 1 : 0);
    scores.clusters.push_back("prompt " + std::to_string(i));
    scores.strata.push_back(i % 2 == 0 ? "counting" : "colors");
  }
  return scores;
}

Json row(double value, double low, double high) { return {{"value", value}, {"ci95", {low, high}}}; }

Json verdict(const ClaimEvidence& evidence, const Claim& claim) { return judge_claims(evidence, {claim}).front(); }

TEST(Claims, ScoresOfPicturesAreJudgedByPairs) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  geneval.items = {
      {"a/mean_flow/1", shares(80, 100)}, {"b/mean_flow/1", shares(30, 100)}, {"ceiling", shares(100, 100)}};
  const Claim better{"a beats b", "geneval", "a/mean_flow/1", "b/mean_flow/1"};
  EXPECT_EQ(verdict(evidence, better).at("verdict"), "pass");
  EXPECT_NEAR(verdict(evidence, better).at("difference").get<double>(), 0.5, 1e-9);
  EXPECT_EQ(verdict(evidence, {"b beats a", "geneval", "b/mean_flow/1", "a/mean_flow/1"}).at("verdict"), "fail");
  EXPECT_EQ(verdict(evidence, {"a beats itself", "geneval", "a/mean_flow/1", "a/mean_flow/1"}).at("verdict"),
            "undecided");
  EXPECT_EQ(verdict(evidence, {"half the ceiling", "geneval", "a/mean_flow/1", "ceiling", 0.5}).at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, {"a task", "geneval/counting", "a/mean_flow/1", "b/mean_flow/1"}).at("verdict"), "pass");
  const Json no_task = verdict(evidence, {"no task", "geneval/position", "a/mean_flow/1", "b/mean_flow/1"});
  EXPECT_EQ(no_task.at("verdict"), "undecided");
  EXPECT_EQ(no_task.at("detail"), "no prompt of geneval/position");
  EXPECT_EQ(verdict(evidence, {"not run", "geneval", "c/mean_flow/1", "a/mean_flow/1"}).at("detail"),
            "c/mean_flow/1 was not run");
}

TEST(Claims, DistancesOfSetsAreJudgedByTheirIntervalsAndLessIsBetter) {
  ClaimEvidence evidence;
  auto& distance = evidence.metrics["fd_lite0"];
  distance.higher_is_better = false;
  distance.sets = {{"a/mean_flow/1", {{"", {row(10, 8, 12)}}}},
                   {"b/mean_flow/1", {{"", {row(20, 18, 22)}}}},
                   {"c/mean_flow/1", {{"", {row(11, 9, 19)}}}},
                   {"d/mean_flow/1", {{"", {{{"value", 1}, {"ci95", nullptr}}}}}}};
  EXPECT_EQ(verdict(evidence, {"a is nearer", "fd_lite0", "a/mean_flow/1", "b/mean_flow/1"}).at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, {"b is nearer", "fd_lite0", "b/mean_flow/1", "a/mean_flow/1"}).at("verdict"), "fail");
  EXPECT_EQ(verdict(evidence, {"a before c", "fd_lite0", "a/mean_flow/1", "c/mean_flow/1"}).at("verdict"), "undecided");
  EXPECT_EQ(verdict(evidence, {"no interval", "fd_lite0", "d/mean_flow/1", "b/mean_flow/1"}).at("verdict"),
            "undecided");
  EXPECT_EQ(verdict(evidence, {"another metric", "kid", "a/mean_flow/1", "b/mean_flow/1"}).at("detail"),
            "the suite does not measure kid");
}

TEST(Claims, PartsOfSetsAreJudgedByTheirOwnValues) {
  ClaimEvidence evidence;
  auto& metric = evidence.metrics["precision_recall_lite0"];
  metric.sets = {{"a/mean_flow/1", {{"", {row(0.9, 0.8, 1)}}, {"recall_lite0", {row(0.2, 0.1, 0.3)}}}},
                 {"b/mean_flow/1", {{"", {row(0.5, 0.4, 0.6)}}, {"recall_lite0", {row(0.6, 0.5, 0.7)}}}}};
  Claim claim{"a before b", "precision_recall_lite0", "a/mean_flow/1", "b/mean_flow/1"};
  EXPECT_EQ(verdict(evidence, claim).at("verdict"), "pass");
  claim.metric = "precision_recall_lite0/recall_lite0";
  EXPECT_EQ(verdict(evidence, claim).at("verdict"), "fail");
  EXPECT_NEAR(verdict(evidence, claim).at("difference").get<double>(), -0.4, 1e-9);
  claim.metric = "precision_recall_lite0/density_lite0";
  EXPECT_EQ(verdict(evidence, claim).at("detail"),
            "a/mean_flow/1 was not measured by precision_recall_lite0/density_lite0");
  EXPECT_EQ(value_part("geneval/counting", "geneval"), "counting");
  EXPECT_EQ(value_part("recall_lite0", "precision_recall_lite0"), "recall_lite0");
}

}  // namespace
}  // namespace emf
