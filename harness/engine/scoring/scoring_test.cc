// SPDX-License-Identifier: Apache-2.0
// What a suite tells a metric reaches the score, though judged rows hold thresholds of the judge's own.
#include "harness/engine/scoring/scoring.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

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

}  // namespace
}  // namespace emf
