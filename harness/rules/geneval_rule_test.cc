// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/geneval_rule.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

const Json& oracle() {
  static const Json values = read_json(project_root() / "tests/oracle/geneval_cases.json");
  return values;
}

CornerBox corners(const Json& box) {
  CornerBox result{};
  for (size_t i = 0; i < 4; ++i) result[i] = box[i].get<float>();
  return result;
}

TEST(GenEvalRule, AgreesWithTheOfficialCodeOnEveryCase) {
  ASSERT_EQ(oracle()["cases"].size(), 47u);
  for (const Json& row : oracle()["cases"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    const GenEvalMetadata metadata = geneval_metadata(row["metadata"], "case");
    const std::vector<Detection> detections = geneval_detections(row["detections"], "case");
    const GenEvalOptions options = geneval_options(row["options"], "case");
    const GenEvalVerdict verdict = geneval_verdict(metadata, detections, options);
    EXPECT_EQ(verdict.correct, row["expected"]["correct"].get<bool>());
    EXPECT_EQ(verdict.reason, row["expected"]["reason"].get<std::string>());
    Json kept = Json::object();
    for (const auto& [name, boxes] : geneval_kept(detections, metadata, options)) {
      for (const Detection& box : boxes) {
        kept[name].push_back({box.box[0], box.box[1], box.box[2], box.box[3], box.score});
      }
    }
    EXPECT_EQ(kept, row["expected"]["details"]);
  }
}

TEST(GenEvalRule, RelationsAndOverlapsAreBitEqual) {
  ASSERT_EQ(oracle()["relative_position_and_iou"].size(), 48u);
  for (const Json& row : oracle()["relative_position_and_iou"]) {
    const CornerBox a = corners(row["a"]), b = corners(row["b"]);
    EXPECT_EQ(Json(geneval_relations(a, b)), row["relations"]) << row;
    EXPECT_EQ(static_cast<double>(geneval_iou(a, b)), row["iou"].get<double>()) << row;
  }
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(GenEvalRule, RefusesWhatItCannotRead) {
  const auto metadata = [](const char* text) { return refusal([&] { geneval_metadata(Json::parse(text), "row 3"); }); };
  EXPECT_EQ(metadata(R"({"include": []})"), "row 3: \"tag\" must be a string");
  EXPECT_EQ(metadata(R"({"tag": "position", "include": [{"class": "cat", "count": 1, "position": ["left off", 0]}]})"),
            "row 3: include[0]: unknown relation 'left off'; did you mean 'left of'?");
  EXPECT_EQ(metadata(R"({"tag": "position", "include": [{"class": "cat", "count": 1, "position": ["above", 0]}]})"),
            "row 3: include[0]: \"position\" refers to include 0, but 0 stand before it");
  EXPECT_EQ(metadata(R"({"tag": "counting", "include": [{"class": "cat", "count": -1}]})"),
            "row 3: include[0]: \"count\" must be a whole number of objects");
  const auto detections = [](const char* text) {
    return refusal([&] { geneval_detections(Json::parse(text), "row 3"); });
  };
  EXPECT_EQ(detections(R"([{"cls": "cat", "box": [1, 2, 3], "score": 1}])"),
            "row 3: detections[0]: \"box\" must be [x1, y1, x2, y2]");
  EXPECT_EQ(detections(R"([{"cls": "cat", "box": [1, 2, 3, 1e300], "score": 1}])"),
            "row 3: detections[0]: a corner of \"box\" must be a finite number, not 1e+300");
  EXPECT_EQ(refusal([] { geneval_options(Json::parse(R"({"treshold": 1})"), "row 3"); }),
            "row 3: unknown option 'treshold'; did you mean 'threshold'?");
}

TEST(GenEvalRule, QuirksArePutRightOneByOne) {
  const auto right = [](const char* quirk) {
    GenEvalOptions options;
    geneval_correct(options, quirk);
    return options;
  };
  const auto seen = [](const char* cls, CornerBox box, float score, const char* color) {
    return Detection{cls, box, score, color};
  };
  // Two edge-to-edge boxes of one pixel share a border only when both border pixels count.
  EXPECT_GT(geneval_iou({0, 0, 1, 1}, {1, 0, 2, 1}), 0);
  EXPECT_EQ(geneval_iou({0, 0, 1, 1}, {1, 0, 2, 1}, 0), 0);
  // A better second box never helps the released code.
  GenEvalMetadata red;
  red.include = {{"cow", 1, "red", {}, 0}};
  const std::vector<Detection> cows = {seen("cow", {0, 0, 9, 9}, 0.9f, "blue"),
                                       seen("cow", {20, 0, 29, 9}, 0.8f, "red")};
  EXPECT_FALSE(geneval_verdict(red, cows).correct);
  EXPECT_TRUE(geneval_verdict(red, cows, right("top_boxes_only")).correct);
  // A failed colour hides a failed place.
  GenEvalMetadata placed;
  placed.include = {{"dog", 1, {}, {}, 0}, {"cow", 1, "red", "left of", 0}};
  const std::vector<Detection> both = {seen("dog", {0, 0, 9, 9}, 0.9f, "red"),
                                       seen("cow", {40, 0, 49, 9}, 0.9f, "blue")};
  EXPECT_EQ(geneval_verdict(placed, both).reason.find("left of"), std::string::npos);
  EXPECT_NE(geneval_verdict(placed, both, right("color_hides_position")).reason.find("left of"), std::string::npos);
  // Large neighbours side by side: the shrunk offset is short beside the unshrunk one.
  const CornerBox a = {0, 0, 100, 100}, b = {38, 0, 138, 100};
  EXPECT_TRUE(geneval_relations(a, b).empty());
  EXPECT_EQ(geneval_relations(a, b, 0.1f, false), std::vector<std::string>{"left of"});
  // Of two boxes with one score the released code looks at the later one.
  const std::vector<Detection> equals = {seen("cow", {0, 0, 9, 9}, 0.9f, "red"),
                                         seen("cow", {20, 0, 29, 9}, 0.9f, "blue")};
  EXPECT_FALSE(geneval_verdict(red, equals).correct);
  EXPECT_TRUE(geneval_verdict(red, equals, right("later_of_equals")).correct);
  EXPECT_NE(refusal([&] { right("top_box"); }).find("no quirk 'top_box'"), std::string::npos);
}

}  // namespace
}  // namespace emf
