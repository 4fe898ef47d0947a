// SPDX-License-Identifier: Apache-2.0
// Claims: shown, refuted or left open, on scores of pictures, on distances of sets and over encoders.
#include "harness/engine/suite/claim_verdicts.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

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

const ClaimAxes kAxes{{"a", "b", "c", "d"}, {"mean_flow", "flow_matching"}, {"1", "4"}, {"ceiling", "chance"}};

Claim claim_of(const std::string& metric, const std::string& text) {
  Claim claim;
  claim.name = text;
  claim.metric = metric;
  claim.text = text;
  claim.sentence = parse_claim(text, "test");
  return claim;
}

Json verdict(const ClaimEvidence& evidence, const Claim& claim) {
  return judge_claims(evidence, {claim}, kAxes).front();
}
Json verdict(const ClaimEvidence& evidence, const std::string& metric, const std::string& text) {
  return verdict(evidence, claim_of(metric, text));
}

TEST(Claims, ScoresOfPicturesAreJudgedByPairs) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  geneval.items = {
      {"a/mean_flow/1", shares(80, 100)}, {"b/mean_flow/1", shares(30, 100)}, {"ceiling", shares(100, 100)}};
  const Json better = verdict(evidence, "geneval", "a/mean_flow/1 > b/mean_flow/1");
  EXPECT_EQ(better.at("verdict"), "pass");
  EXPECT_NEAR(better.at("difference").get<double>(), 0.5, 1e-9);
  EXPECT_EQ(better.at("detail"), "a/mean_flow/1 0.800, b/mean_flow/1 0.300");
  EXPECT_EQ(verdict(evidence, "geneval", "b/mean_flow/1 > a/mean_flow/1").at("verdict"), "fail");
  EXPECT_EQ(verdict(evidence, "geneval", "b/mean_flow/1 < a/mean_flow/1").at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, "geneval", "a/mean_flow/1 > 0.5 * ceiling").at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, "geneval", "a/mean_flow/1 > 0.79").at("verdict"), "undecided");
  EXPECT_EQ(verdict(evidence, "geneval", "a/mean_flow/1 > 0.6").at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, "geneval/counting", "a/mean_flow/1 > b/mean_flow/1").at("verdict"), "pass");
  Claim margin = claim_of("geneval", "a/mean_flow/1 > b/mean_flow/1");
  margin.margin = 0.45;
  EXPECT_EQ(verdict(evidence, margin).at("verdict"), "undecided");
  const Json no_task = verdict(evidence, "geneval/position", "a/mean_flow/1 > b/mean_flow/1");
  EXPECT_EQ(no_task.at("verdict"), "undecided");
  EXPECT_EQ(no_task.at("detail"), "no prompt of geneval/position");
  EXPECT_EQ(verdict(evidence, "geneval", "c/mean_flow/1 > a/mean_flow/1").at("detail"), "c/mean_flow/1 was not run");
}

TEST(Claims, AnUndecidedOneSaysWhatWouldDecideIt) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  // Every other prompt differs, by turns to either side, and two of a hundred more to one.
  Scores left = shares(50, 100), right = shares(50, 100);
  for (size_t i = 0; i < 100; ++i) {
    left.values[i] = i % 4 == 0 || i % 4 == 1 ? 1 : 0;
    right.values[i] = i % 4 == 2 || i % 4 == 1 ? 1 : 0;
  }
  left.values[3] = left.values[7] = 1;
  geneval.items = {{"a/mean_flow/1", left}, {"b/mean_flow/1", right}};
  const std::string detail = verdict(evidence, "geneval", "a/mean_flow/1 > b/mean_flow/1").at("detail");
  const size_t at = detail.find(" prompts (of 100) would decide it if it stays");
  ASSERT_NE(at, std::string::npos) << detail;
  // .02 against a standard deviation of .7: about 1.96^2 x .5 / .02^2 = 4,900 prompts.
  const int prompts = std::stoi(detail.substr(detail.rfind(' ', at - 1) + 1));
  EXPECT_GT(prompts, 3500);
  EXPECT_LT(prompts, 6500);
}

TEST(Claims, SeedsAddTheirOwnVariance) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  const auto with_seeds = [&](const std::string& cell, const std::vector<int>& right) {
    for (size_t seed = 0; seed < right.size(); ++seed) {
      geneval.seeds[cell][static_cast<int64_t>(seed)] = shares(right[seed], 100);
      append_scores(geneval.items[cell], shares(right[seed], 100));
    }
  };
  with_seeds("a/mean_flow/1", {60, 62, 61});
  with_seeds("b/mean_flow/1", {40, 42, 41});
  with_seeds("c/mean_flow/1", {80, 20, 23});
  EXPECT_EQ(verdict(evidence, "geneval", "a/mean_flow/1 > b/mean_flow/1").at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, "geneval", "a/mean_flow/1 > c/mean_flow/1").at("verdict"), "undecided")
      << "one seed of three is better by .2, two are worse by .4";
}

TEST(Claims, SeveralComparisonsMustHoldEach) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  for (const char* steps : {"1", "4"}) {
    for (const char* encoder : {"a", "b", "c", "d"}) {
      const std::string cell = std::string(encoder) + "/";
      geneval.items[cell + "mean_flow/" + steps] = shares(80, 100);
      geneval.items[cell + "flow_matching/" + steps] = shares(40, 100);
    }
  }
  Claim claim = claim_of("geneval", "mean_flow > flow_matching");
  claim.encoders = {"*"};
  claim.steps = {"*"};
  Json whole = verdict(evidence, claim);
  EXPECT_EQ(whole.at("verdict"), "pass");
  EXPECT_EQ(whole.at("comparisons").size(), 8u);
  EXPECT_EQ(whole.at("comparisons")[1].at("label"), "a, 4 steps");
  geneval.items["c/flow_matching/4"] = shares(79, 100);
  whole = verdict(evidence, claim);
  EXPECT_EQ(whole.at("verdict"), "undecided");
  EXPECT_EQ(whole.at("detail"), "7 of 8 comparisons hold; undecided: c, 4 steps");
  geneval.items["c/flow_matching/4"] = shares(100, 100);
  EXPECT_EQ(verdict(evidence, claim).at("verdict"), "fail");
  claim.of_mean = true;
  EXPECT_EQ(verdict(evidence, claim).at("verdict"), "pass");
  EXPECT_NEAR(verdict(evidence, claim).at("difference").get<double>(), (7 * 0.4 - 0.2) / 8, 1e-9);
}

TEST(Claims, GapsAndSlopesAreWeightedSums) {
  ClaimEvidence evidence;
  auto& geneval = evidence.metrics["geneval"];
  geneval.items = {{"a/mean_flow/1", shares(90, 100)}, {"b/mean_flow/1", shares(60, 100)},
                   {"c/mean_flow/1", shares(30, 100)}, {"a/mean_flow/4", shares(92, 100)},
                   {"b/mean_flow/4", shares(90, 100)}, {"c/mean_flow/4", shares(88, 100)}};
  const Json gap = verdict(evidence, "geneval", "( a/mean_flow/1 - b/mean_flow/1 ) > a/mean_flow/4 - b/mean_flow/4");
  EXPECT_EQ(gap.at("verdict"), "pass");
  EXPECT_NEAR(gap.at("difference").get<double>(), 0.28, 1e-9);
  Claim slope = claim_of("geneval", "slope/1 < slope/4");
  slope.along = {{"a", 0}, {"b", 1}, {"c", 2}};
  slope.objectives = {"mean_flow"};
  EXPECT_EQ(verdict(evidence, slope).at("verdict"), "pass");
  EXPECT_NEAR(verdict(evidence, slope).at("difference").get<double>(), 0.3 - 0.02, 1e-9);
}

TEST(Claims, CorrelationsAreOverEncoders) {
  ClaimEvidence evidence;
  ClaimAxes axes = kAxes;
  axes.encoders = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (size_t i = 0; i < axes.encoders.size(); ++i) {
    evidence.metrics["geneval"].items[axes.encoders[i] + "/mean_flow/1"] = shares(20 + 10 * static_cast<int>(i), 100);
    evidence.probes["discriminability"][axes.encoders[i]] = 0.1 * static_cast<double>(i * i);
    evidence.probes["disentanglement"][axes.encoders[i]] = i % 2 == 0 ? 0.9 : 0.8 + 0.001 * static_cast<double>(i);
  }
  Claim claim = claim_of("geneval", "discriminability ~ mean_flow/1");
  Json found = judge_claims(evidence, {claim}, axes).front();
  EXPECT_EQ(found.at("verdict"), "pass");
  EXPECT_NEAR(found.at("difference").get<double>(), 1, 1e-9);
  claim = claim_of("geneval", "disentanglement ~ mean_flow/1");
  found = judge_claims(evidence, {claim}, axes).front();
  EXPECT_EQ(found.at("verdict"), "undecided");
  EXPECT_NE(found.at("detail").get<std::string>().find("over 8 encoders"), std::string::npos);
  evidence.probes["discriminability"].erase("c");
  claim = claim_of("geneval", "discriminability ~ mean_flow/1");
  claim.given = "disentanglement";
  found = judge_claims(evidence, {claim}, axes).front();
  EXPECT_NE(found.at("detail").get<std::string>().find("over 7 encoders, given disentanglement"), std::string::npos);
}

TEST(Claims, WhatASentenceLeavesOpenMustBeSaid) {
  const auto fault = [](const Claim& claim) {
    std::optional<ClaimFault> found;
    contrasts_of(claim, kAxes, found);
    return found ? found->what : "none";
  };
  EXPECT_EQ(
      fault(claim_of("geneval", "mean_flow/1 > flow_matching/1")),
      "\"mean_flow/1 > flow_matching/1\" without its encoder; say which in the sentence, or by at = { encoder = ... }");
  EXPECT_EQ(fault(claim_of("geneval", "a/meanflow/1 > chance")), "'a/meanflow/1', which is no cell of this suite");
  Claim claim = claim_of("geneval", "a/mean_flow/1 > chance");
  claim.steps = {"4"};
  EXPECT_EQ(fault(claim), "'steps' in 'at', and every cell of its sentence says its own");
  claim = claim_of("geneval", "a/mean_flow > chance");
  claim.steps = {"3"};
  EXPECT_EQ(fault(claim), "'3', which is none of this suite's steps");
}

TEST(Claims, SentencesThatSayNothingAreRefused) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      parse_claim(text, "s.toml:3");
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal("a > b"), "none");
  EXPECT_EQ(refusal("0.5 * ( a - b ) > ( c + 1 )"), "none");
  EXPECT_EQ(refusal("a b"), "s.toml:3: claim \"a b\": > or < is expected, not 'b'");
  EXPECT_EQ(refusal("a >"), "s.toml:3: claim \"a >\": a cell or a number is expected");
  EXPECT_EQ(refusal("a > b > c"), "s.toml:3: claim \"a > b > c\": nothing is expected behind the second side, not '>'");
  EXPECT_EQ(refusal("a > a"), "s.toml:3: claim \"a > a\": both sides are the same, whatever is measured");
  EXPECT_EQ(refusal("( a > b"), "s.toml:3: claim \"( a > b\": a closing bracket is expected");
  EXPECT_NE(refusal((std::string(100, '(') + "a > b").c_str()).find("too many brackets"), std::string::npos);
  EXPECT_NE(refusal((std::string(100000, '(') + "a > b").c_str()).find("500 are enough"), std::string::npos);
  std::string chain = "a > ";
  for (int i = 0; i < 100000; ++i) chain += "2 * ";
  EXPECT_NE(refusal((chain + "b").c_str()).find("500 are enough"), std::string::npos);
  EXPECT_EQ(parse_claim("a > 2 * 3 * b", "here").terms[1].weight, -6);
  const ClaimSentence sentence = parse_claim("2 * (a - b) < 0.5 + a", "here");
  EXPECT_EQ(sentence.threshold, -0.5);
  ASSERT_EQ(sentence.terms.size(), 2u);
  EXPECT_EQ(sentence.terms[0].weight, -1);
  EXPECT_EQ(sentence.terms[1].weight, 2);
}

TEST(Claims, DistancesOfSetsAreJudgedByTheirIntervals) {
  ClaimEvidence evidence;
  auto& distance = evidence.metrics["fd_lite0"];
  distance.higher_is_better = false;
  distance.sets = {{"a/mean_flow/1", {{"", {row(10, 8, 12)}}}},
                   {"b/mean_flow/1", {{"", {row(20, 18, 22)}}}},
                   {"c/mean_flow/1", {{"", {row(11, 9, 19)}}}},
                   {"d/mean_flow/1", {{"", {{{"value", 1}, {"ci95", nullptr}}}}}}};
  EXPECT_EQ(verdict(evidence, "fd_lite0", "a/mean_flow/1 < b/mean_flow/1").at("verdict"), "pass");
  EXPECT_EQ(verdict(evidence, "fd_lite0", "b/mean_flow/1 < a/mean_flow/1").at("verdict"), "fail");
  EXPECT_EQ(verdict(evidence, "fd_lite0", "a/mean_flow/1 < c/mean_flow/1").at("verdict"), "undecided");
  EXPECT_EQ(verdict(evidence, "fd_lite0", "d/mean_flow/1 < b/mean_flow/1").at("verdict"), "undecided");
  EXPECT_EQ(verdict(evidence, "kid", "a/mean_flow/1 < b/mean_flow/1").at("detail"), "the suite does not measure kid");
}

TEST(Claims, PartsOfSetsAreJudgedByTheirOwnValues) {
  ClaimEvidence evidence;
  auto& metric = evidence.metrics["precision_recall_lite0"];
  metric.sets = {{"a/mean_flow/1", {{"", {row(0.9, 0.8, 1)}}, {"recall_lite0", {row(0.2, 0.1, 0.3)}}}},
                 {"b/mean_flow/1", {{"", {row(0.5, 0.4, 0.6)}}, {"recall_lite0", {row(0.6, 0.5, 0.7)}}}}};
  const std::string text = "a/mean_flow/1 > b/mean_flow/1";
  EXPECT_EQ(verdict(evidence, "precision_recall_lite0", text).at("verdict"), "pass");
  const Json recall = verdict(evidence, "precision_recall_lite0/recall_lite0", text);
  EXPECT_EQ(recall.at("verdict"), "fail");
  EXPECT_NEAR(recall.at("difference").get<double>(), -0.4, 1e-9);
  EXPECT_EQ(verdict(evidence, "precision_recall_lite0/density_lite0", text).at("detail"),
            "a/mean_flow/1 was not measured by precision_recall_lite0/density_lite0");
  EXPECT_EQ(value_part("geneval/counting", "geneval"), "counting");
  EXPECT_EQ(value_part("recall_lite0", "precision_recall_lite0"), "recall_lite0");
}

}  // namespace
}  // namespace emf
