// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "harness/api/metric.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// A judged row of one object that is there, or not.
Json row(const std::string& tag, const std::string& prompt, bool correct) {
  Json detections = Json::array();
  if (correct) detections.push_back({{"cls", "cat"}, {"box", {0, 0, 9, 9}}, {"score", 0.99}});
  return {{"metadata", {{"tag", tag}, {"prompt", prompt}, {"include", {{{"class", "cat"}, {"count", 1}}}}}},
          {"detections", detections}};
}

std::map<std::string, MetricValue> by_name(const std::vector<MetricValue>& values) {
  std::map<std::string, MetricValue> named;
  for (const MetricValue& value : values) named[value.name] = value;
  return named;
}

TEST(GenEval, TaskScoresAndOverallAreTheOfficialSummary) {
  const Json oracle = read_json(project_root() / "tests/oracle/geneval_cases.json");
  for (const Json& summary : oracle["summary"]) {
    std::vector<Json> rows;
    for (const Json& made : summary["rows"]) rows.push_back(row(made["tag"], made["prompt"], made["correct"]));
    MetricInput input;
    input.judged = &rows;
    const auto values = by_name(MetricRegistry::instance().make("geneval")->score(input));
    // Written as summary_scores.py writes them, so every digit it prints is compared.
    const std::string printed = summary["official_output"];
    for (const auto& [name, value] : values) {
      const std::string line =
          name == "geneval" ? fmt::format("Overall score (avg. over tasks): {:.5f}\n", *value.value)
                            : fmt::format("{:<16} = {:.2f}% ({} / {})\n", name.substr(8), *value.value * 100,
                                          value.details["correct"].get<int>(), value.details["total"].get<int>());
      EXPECT_NE(printed.find(line), std::string::npos) << line << printed;
      ASSERT_TRUE(value.ci95.has_value());
      EXPECT_LE((*value.ci95)[0], *value.value);
      EXPECT_GE((*value.ci95)[1], *value.value);
    }
  }
}

TEST(GenEval, AbsentTasksAreLeftOutOrCountAsNothing) {
  const std::vector<Json> rows = {row("single_object", "p", true), row("colors", "q", true), row("colors", "r", false)};
  MetricInput input;
  input.judged = &rows;
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make("geneval");
  const MetricValue official = metric->score(input).front();
  EXPECT_DOUBLE_EQ(*official.value, 0.75);
  EXPECT_EQ(official.warnings.size(), 4u);
  input.options["corrected"] = {"absent_tasks"};
  const MetricValue corrected = metric->score(input).front();
  EXPECT_DOUBLE_EQ(*corrected.value, 1.5 / 6);
  EXPECT_DOUBLE_EQ((*corrected.ci95)[1], (*official.ci95)[1] / 3);
  EXPECT_EQ(corrected.identity["corrected"], Json::array({"absent_tasks"}));
}

TEST(GenEval, IntervalIsWiderWhenPicturesOfAPromptMoveTogether) {
  std::vector<Json> together, apart;
  for (int prompt = 0; prompt < 40; ++prompt) {
    for (int picture = 0; picture < 4; ++picture) {
      together.push_back(row("single_object", fmt::format("p{}", prompt), prompt % 2 == 0));
      apart.push_back(row("single_object", fmt::format("p{}", prompt), picture % 2 == 0));
    }
  }
  MetricInput input;
  const auto width = [&](const std::vector<Json>& rows) {
    input.judged = &rows;
    const MetricValue value = MetricRegistry::instance().make("geneval")->score(input).front();
    return (*value.ci95)[1] - (*value.ci95)[0];
  };
  EXPECT_NEAR(width(together), 2 * 1.96 * 0.5 / std::sqrt(40.0), 0.04);
  EXPECT_NEAR(width(apart), 0, 1e-12);
}

TEST(GenEval, MissingTasksAreNamed) {
  const std::vector<Json> rows = {row("single_object", "a", true), row("colors", "b", false)};
  MetricInput input;
  input.judged = &rows;
  const MetricValue overall = MetricRegistry::instance().make("geneval")->score(input).front();
  EXPECT_EQ(overall.warnings,
            (std::vector<std::string>{"no_two_object", "no_counting", "no_position", "no_color_attr"}));
  EXPECT_EQ(*overall.value, 0.5);
}

TEST(GenEval, TagsOfItsOwnAreNamedBesideTheSix) {
  const auto metric = MetricRegistry::instance().make("geneval");
  const auto warnings = [&](const std::vector<Json>& rows) {
    MetricInput input;
    input.judged = &rows;
    const MetricValue overall = metric->score(input).front();
    std::string all;
    for (const std::string& warning : overall.warnings) all += warning + "\n";
    return all;
  };
  const std::vector<Json> mistyped = {row("colors", "a", true), row("singel", "b", true), row("singel", "c", true)};
  const std::string one = warnings(mistyped);
  EXPECT_NE(one.find("2 pictures have the tag 'singel', none of GenEval's six"), std::string::npos) << one;
  const std::vector<Json> own(1, row("mine", "a", true));
  EXPECT_EQ(warnings(own).find("tag 'mine'"), std::string::npos) << "another benchmark's tasks";
}

TEST(GenEval, TheMetricsOptionsWinOverARowsAndARowsOverTheRules) {
  // Boxes of rows that are right score above 0.3, which is the rule's own threshold.
  std::vector<Json> rows = {row("single_object", "a", true), row("single_object", "b", true)};
  MetricInput input;
  input.judged = &rows;
  const auto scores = [&] { return MetricRegistry::instance().make("geneval")->item_scores(input); };
  rows[0]["options"] = {{"threshold", 0.999}};
  EXPECT_EQ(scores(), (std::vector<double>{0, 1})) << "what a row says counts where the metric is told nothing";
  input.options = {{"max_objects", 3}};
  EXPECT_EQ(scores(), (std::vector<double>{0, 1})) << "and for all that the metric is told nothing of";
  input.options = {{"threshold", 0.3}};
  EXPECT_EQ(scores(), (std::vector<double>{1, 1}));
  rows[0]["options"] = {{"threshold", 0.1}};
  input.options = {{"threshold", 0.999}};
  EXPECT_EQ(scores(), (std::vector<double>{0, 0}));
}

TEST(GenEval, SummaryIsTheOfficialText) {
  const Json oracle = read_json(project_root() / "tests/oracle/geneval_cases.json");
  for (const Json& summary : oracle["summary"]) {
    std::vector<Json> made, results = summary["rows"];
    for (const Json& one : summary["rows"]) made.push_back(row(one["tag"], one["prompt"], one["correct"]));
    for (const std::vector<Json>* rows : {&made, &results}) {
      MetricInput input;
      input.judged = rows;
      input.options = {{"verbose", true}};
      const MetricValue value = MetricRegistry::instance().make("geneval")->score(input).front();
      EXPECT_EQ(value.details["summary"], summary["official_output"]);
    }
  }
}

TEST(GenEval, UnknownClassesAreRefusedUnlessAllowed) {
  Json strange = row("single_object", "a photo of a cat", true);
  strange["detections"][0]["cls"] = "catt";
  const std::vector<Json> rows = {strange};
  MetricInput input;
  input.judged = &rows;
  const auto metric = MetricRegistry::instance().make("geneval");
  try {
    metric->score(input);
    ADD_FAILURE() << "scored";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("row 1: unknown class 'catt'; did you mean 'cat'?"), std::string::npos);
  }
  input.options = {{"classes", "any"}};
  EXPECT_EQ(*metric->score(input).front().value, 0);
}

}  // namespace
}  // namespace emf
