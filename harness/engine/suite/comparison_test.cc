// SPDX-License-Identifier: Apache-2.0
// Comparisons: which cells are paired, corrections over all of them, spreads over seeds.
#include "harness/engine/suite/comparison.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace emf {
namespace {

Scores shares(int right, int count) {
  Scores scores;
  for (int i = 0; i < count; ++i) {
    scores.values.push_back(i < right ? 1 : 0);
    scores.clusters.push_back("prompt " + std::to_string(i));
    scores.strata.push_back("counting");
  }
  return scores;
}

ComparisonPlan plan() {
  return {"geneval",
          {"a", "b"},
          {{"flow_matching", "flow_matching", "", ""}, {"mean_flow", "mean_flow", "", ""}},
          "mean_flow",
          {1, 4}};
}

CellScores cells() {
  CellScores scores;
  int right = 10;
  for (const std::string encoder : {"a", "b"}) {
    for (const std::string objective : {"flow_matching", "mean_flow"}) {
      for (const std::string steps : {"1", "4"})
        scores[encoder + "/" + objective + "/" + steps] = shares(right += 10, 100);
    }
  }
  return scores;
}

TEST(Comparisons, PairCellsThatDifferInOneThing) {
  const Json rows = compare_cells(cells(), {}, plan());
  std::multiset<std::string> kinds;
  std::set<std::string> names;
  for (const Json& row : rows) {
    kinds.insert(row.at("kind").get<std::string>());
    names.insert(row.at("name").get<std::string>());
    EXPECT_EQ(row.at("metric"), "geneval");
    EXPECT_LE(row.at("p").get<double>(), row.at("p_bh").get<double>() + 1e-12);
    EXPECT_LE(row.at("p_bh").get<double>(), row.at("p_holm").get<double>() + 1e-12);
  }
  EXPECT_EQ(kinds.count("objective"), 4u) << "two encoders, two step counts, one other objective";
  EXPECT_EQ(kinds.count("encoder"), 4u);
  EXPECT_EQ(kinds.count("steps"), 4u);
  EXPECT_EQ(names.count("a/mean_flow/1 - a/flow_matching/1"), 1u);
  EXPECT_EQ(names.count("a/mean_flow/4 - a/mean_flow/1"), 1u);
}

TEST(Comparisons, TheMainObjectiveIsTheSuites) {
  ComparisonPlan other = plan();
  other.main_objective = "flow_matching";
  std::set<std::string> names;
  for (const Json& row : compare_cells(cells(), {}, other)) names.insert(row.at("name").get<std::string>());
  EXPECT_EQ(names.count("a/flow_matching/1 - a/mean_flow/1"), 1u);
  EXPECT_EQ(names.count("a/mean_flow/1 - a/flow_matching/1"), 0u);
}

TEST(Comparisons, ModelsAndCodecsAreComparedWithinOneObjective) {
  ComparisonPlan plan{"geneval", {"a"}, {}, "mean_flow", {1}};
  CellScores scores;
  int right = 10;
  for (const std::string objective : {"flow_matching", "mean_flow"}) {
    for (const std::string model : {"", "wide"}) {
      for (const std::string codec : {"", "pixels"}) {
        const std::string name = objective + (model.empty() ? "" : "+wide") + (codec.empty() ? "" : "+pixels");
        plan.arms.push_back({name, objective, model, codec});
        scores["a/" + name + "/1"] = shares(right += 10, 100);
      }
    }
  }
  std::map<std::string, std::set<std::string>> names;
  for (const Json& row : compare_cells(scores, {}, plan)) {
    names[row.at("kind").get<std::string>()].insert(row.at("name").get<std::string>());
  }
  EXPECT_EQ(names["objective"], (std::set<std::string>{"a/mean_flow/1 - a/flow_matching/1",
                                                       "a/mean_flow+pixels/1 - a/flow_matching+pixels/1",
                                                       "a/mean_flow+wide/1 - a/flow_matching+wide/1",
                                                       "a/mean_flow+wide+pixels/1 - a/flow_matching+wide+pixels/1"}));
  EXPECT_EQ(names["model"], (std::set<std::string>{"a/flow_matching/1 - a/flow_matching+wide/1",
                                                   "a/flow_matching+pixels/1 - a/flow_matching+wide+pixels/1",
                                                   "a/mean_flow/1 - a/mean_flow+wide/1",
                                                   "a/mean_flow+pixels/1 - a/mean_flow+wide+pixels/1"}));
  EXPECT_EQ(names["codec"], (std::set<std::string>{"a/flow_matching/1 - a/flow_matching+pixels/1",
                                                   "a/flow_matching+wide/1 - a/flow_matching+wide+pixels/1",
                                                   "a/mean_flow/1 - a/mean_flow+pixels/1",
                                                   "a/mean_flow+wide/1 - a/mean_flow+wide+pixels/1"}));
  EXPECT_EQ(names.size(), 3u);
}

TEST(Comparisons, CellsThatDidNotRunAreLeftOut) {
  CellScores some = cells();
  some.erase("b/mean_flow/1");
  for (const Json& row : compare_cells(some, {}, plan())) {
    EXPECT_EQ(row.at("name").get<std::string>().find("b/mean_flow/1"), std::string::npos);
  }
  EXPECT_TRUE(compare_cells({}, {}, plan()).empty()) << "a metric of whole sets pairs nothing";
}

TEST(Comparisons, SeedsAreTheSecondSourceOfChance) {
  SeedScores seeds;
  for (int64_t seed : {0, 1, 2}) {
    seeds["a/mean_flow/1"][seed] = shares(50 + static_cast<int>(seed), 100);
    seeds["a/flow_matching/1"][seed] = shares(30, 100);
  }
  for (const Json& row : compare_cells(cells(), seeds, plan())) {
    if (row.at("name") != "a/mean_flow/1 - a/flow_matching/1") {
      EXPECT_FALSE(row.contains("seeds")) << row.at("name");
      continue;
    }
    EXPECT_EQ(row.at("seeds").at("n"), 3);
    EXPECT_NEAR(row.at("seeds").at("difference").get<double>(), 0.21, 1e-9);
    EXPECT_LT(row.at("seeds").at("ci95")[0].get<double>(), 0.21);
  }
}

TEST(Comparisons, ItemsWithoutAScoreAndRewordedPromptsAreLeftOut) {
  const std::vector<Prompt> prompts = {{"one", {{"tag", "counting"}}},
                                       {"two", {{"tag", "colors"}}},
                                       {"again", {{"tag", "colors"}, {"reworded", true}}},
                                       {"long", {{"tag", "composition"}, {"questions", Json::array()}}}};
  const Scores scores = item_scores({1, 0, 1, nullptr}, prompts);
  EXPECT_EQ(scores.values, (std::vector<double>{1, 0}));
  EXPECT_EQ(scores.clusters, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(of_part(scores, "colors").values, (std::vector<double>{0}));
}

}  // namespace
}  // namespace emf
