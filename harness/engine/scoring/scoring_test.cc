// SPDX-License-Identifier: Apache-2.0
// What a suite tells a metric reaches the score, though judged rows hold thresholds of the judge's own.
#include "harness/engine/scoring/scoring.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "harness/captions/grammar.h"

namespace emf {
namespace {

class ScoringTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(store_); }

  /// GenEval of two pictures whose boxes a judge is sure of to 0.6 and to 0.95, in rows as judge_pictures writes them.
  double geneval(const Json& options) const {
    std::vector<Prompt> prompts;
    std::vector<Json> rows;
    for (const double certainty : {0.6, 0.95}) {
      const Json labels = {
          {"tag", "single_object"}, {"prompt", "a photo of a cat"}, {"include", {{{"class", "cat"}, {"count", 1}}}}};
      prompts.push_back({"a photo of a cat", labels});
      rows.push_back({{"metadata", labels},
                      {"options", {{"threshold", 0.4}, {"counting_threshold", 0.4}}},
                      {"detections", {{{"cls", "cat"}, {"box", {0, 0, 9, 9}}, {"score", certainty}}}}});
    }
    ScoringInputs inputs;
    inputs.prompts = &prompts;
    inputs.judged = &rows;
    const RunFolder folder(store_, "score", options);
    const Json result = score_pictures(*MetricRegistry::instance().make("geneval"), "geneval", options, inputs, folder);
    return result.at("metrics").front().at("value");
  }

  std::filesystem::path store_ = std::filesystem::temp_directory_path() / ("emf_scoring_" + std::to_string(::getpid()));
};

TEST_F(ScoringTest, AMetricsOwnThresholdMovesItsScore) {
  EXPECT_EQ(geneval(Json::object()), 1) << "the judge's own threshold, where the suite gives none";
  EXPECT_EQ(geneval({{"threshold", 0.9}}), 0.5);
  EXPECT_EQ(geneval({{"threshold", 0.99}}), 0);
  EXPECT_EQ(geneval({{"counting_threshold", 0.99}}), 1) << "of another task";
}

TEST_F(ScoringTest, AMetricMayBeOfSomePromptsAlone) {
  std::vector<Prompt> prompts;
  std::vector<Json> rows;
  for (const char* novelty : {"none", "combination", "words", "words"}) {
    const std::string text = "a photo of a cat " + std::to_string(prompts.size());
    const Json labels = {{"tag", "single_object"},
                         {"prompt", text},
                         {"novelty", novelty},
                         {"include", {{{"class", "cat"}, {"count", 1}}}}};
    prompts.push_back({text, labels});
    // Cats are seen of what training knows.
    const char* seen = std::string(novelty) == "none" ? "cat" : "dog";
    rows.push_back({{"metadata", labels},
                    {"options", Json::object()},
                    {"detections", {{{"cls", seen}, {"box", {0, 0, 9, 9}}, {"score", 0.95}}}}});
  }
  const auto score_of = [&](const std::string& kind) {
    ScoringInputs inputs;
    inputs.prompts = &prompts;
    inputs.judged = &rows;
    inputs.kind = kind;
    return score_pictures(*MetricRegistry::instance().make("geneval"), "some", Json::object(), inputs,
                          RunFolder(store_, "score", {{"kind", kind}}));
  };
  EXPECT_EQ(score_of("all").at("metrics").front().at("value"), 0.25);
  EXPECT_EQ(score_of("known").at("metrics").front().at("value"), 1);
  const Json fresh = score_of("new");
  EXPECT_EQ(fresh.at("metrics").front().at("value"), 0);
  EXPECT_EQ(fresh.at("metrics").front().at("n"), 3);
  EXPECT_TRUE(fresh.at("items")[0].is_null()) << "places stay those of the prompts";
  EXPECT_EQ(fresh.at("items")[1], 0);
  EXPECT_EQ(score_of("words").at("metrics").front().at("n"), 2);
}

TEST_F(ScoringTest, FactsAreAskedAboutWhereNothingElseIs) {
  const Facts facts{
      Task::kColorAttr,
      {{geneval_class_id("dog"), 1, geneval_color_id("red")}, {geneval_class_id("cat"), 1, geneval_color_id("blue")}}};
  const Prompt prompt{write_caption(facts), facts_to_metadata(facts)};
  const std::vector<Prompt> prompts = {prompt};
  const auto box = [](const char* name, const char* color) {
    return Json{{"cls", name}, {"box", {0, 0, 9, 9}}, {"score", 0.95}, {"color", color}};
  };
  const std::vector<Json> rows = {{{"metadata", prompt.labels},
                                   {"options", Json::object()},
                                   {"detections", {box("dog", "red"), box("cat", "green")}}}};
  ScoringInputs inputs;
  inputs.prompts = &prompts;
  inputs.judged = &rows;
  const Json result = score_pictures(*MetricRegistry::instance().make("question_graph"), "questions", Json::object(),
                                     inputs, RunFolder(store_, "score", {{"asked", true}}));
  EXPECT_EQ(result.at("items"), Json::array({0.75})) << "a dog, a cat, a red dog, and no blue cat";
  std::map<std::string, double> parts;
  for (const Json& row : result.at("metrics")) parts[row.at("name")] = row.at("value");
  EXPECT_EQ(parts.at("questions/entity"), 1);
  EXPECT_EQ(parts.at("questions/attribute"), 0.5);
}

}  // namespace
}  // namespace emf
