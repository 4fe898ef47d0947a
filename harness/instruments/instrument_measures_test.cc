// SPDX-License-Identifier: Apache-2.0
// Measures of instruments on boxes whose errors are known.
#include "harness/instruments/instrument_measures.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

const std::vector<std::string> kClasses = {"cat", "dog", "bus"};

GenEvalMetadata metadata(const Json& line) { return geneval_metadata(line, "test"); }

/// One picture of each task, truth included; pictures are empty (no judge is run).
KnownPictures known_pictures() {
  KnownPictures known;
  const auto add = [&](const Json& line, std::vector<Detection> truth) {
    known.prompts.push_back(metadata(line));
    known.truth.push_back(std::move(truth));
  };
  const Detection cat{"cat", {1, 1, 10, 10}, 1, "red"}, dog{"dog", {20, 1, 30, 10}, 1, "blue"};
  add({{"tag", "single_object"}, {"include", {{{"class", "cat"}, {"count", 1}}}}}, {cat});
  add({{"tag", "two_object"}, {"include", {{{"class", "cat"}, {"count", 1}}, {{"class", "dog"}, {"count", 1}}}}},
      {cat, dog});
  add({{"tag", "counting"},
       {"include", {{{"class", "cat"}, {"count", 2}}}},
       {"exclude", {{{"class", "cat"}, {"count", 3}}}}},
      {cat, {"cat", {20, 20, 30, 30}, 1, {}}});
  add({{"tag", "colors"}, {"include", {{{"class", "cat"}, {"count", 1}, {"color", "red"}}}}}, {cat});
  add({{"tag", "position"},
       {"include",
        {{{"class", "cat"}, {"count", 1}}, {{"class", "dog"}, {"count", 1}, {"position", {"right of", 0}}}}}},
      {cat, dog});
  return known;
}

TEST(InstrumentMeasuresTest, PerfectJudgeScoresOne) {
  const KnownPictures known = known_pictures();
  const Json scores = known_scores(known, known.truth, {});
  EXPECT_EQ(scores.at("overall"), 1.0);
  EXPECT_EQ(scores.at("tasks").size(), 5U);
  const Json boxes = box_errors(known, known.truth, 0.5f);
  EXPECT_EQ(boxes.at("recall"), 1.0);
  EXPECT_EQ(boxes.at("precision"), 1.0);
  EXPECT_EQ(boxes.at("color_accuracy"), 1.0);
}

TEST(InstrumentMeasuresTest, CountsMissesAndFalseAlarms) {
  KnownPictures known = known_pictures();
  auto judged = known.truth;
  judged[0].clear();                                         // misses one of eight objects
  judged[3].push_back({"bus", {20, 20, 30, 30}, 0.9f, {}});  // one box too many
  judged[3][0].color = "green";
  const Json boxes = box_errors(known, judged, 0.5f);
  EXPECT_NEAR(boxes.at("recall").get<double>(), 7.0 / 8, 1e-3);
  EXPECT_NEAR(boxes.at("precision").get<double>(), 7.0 / 8, 1e-3);
  EXPECT_EQ(boxes.at("color_confusion").at("red").at("green"), 1);
  EXPECT_EQ(known_scores(known, judged, {}).at("tasks").at("single_object").at("score"), 0.0);
}

TEST(InstrumentMeasuresTest, NearMissesAreFalse) {
  const KnownPictures known = known_pictures();
  for (size_t i = 0; i < known.prompts.size(); ++i) {
    for (uint64_t draw = 0; draw < 20; ++draw) {
      const GenEvalMetadata miss = near_miss(known.prompts[i], kClasses, 1, draw);
      EXPECT_FALSE(geneval_verdict(miss, known.truth[i]).correct) << known.prompts[i].tag << " draw " << draw;
    }
  }
}

TEST(InstrumentMeasuresTest, CalibrationSeparatesTrueBoxesFromFalseOnes) {
  const KnownPictures known = known_pictures();
  auto judged = known.truth;
  for (size_t i = 0; i < judged.size(); ++i) {
    for (Detection& detection : judged[i]) detection.score = 0.7f;
    // In counting the false boxes are strong, elsewhere weak.
    const float noise = known.prompts[i].tag == "counting" ? 0.55f : 0.2f;
    for (const std::string& name : kClasses) judged[i].push_back({name, {12, 12, 18, 18}, noise, "green"});
  }
  const Json thresholds = calibrate_thresholds(known, judged, kClasses, 3);
  EXPECT_EQ(thresholds.at("counting_agreement"), 1.0);
  EXPECT_GE(thresholds.at("counting_threshold").get<double>(), 0.55);
  EXPECT_LT(thresholds.at("counting_threshold").get<double>(), 0.7);
  EXPECT_GE(thresholds.at("threshold").get<double>(), 0.2);
  EXPECT_LT(thresholds.at("threshold").get<double>(), 0.7);
}

}  // namespace
}  // namespace emf
