#include "harness/base/geneval_rule.h"

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
  const auto metadata = [](const char* text) {
    return refusal([&] { geneval_metadata(Json::parse(text), "row 3"); });
  };
  EXPECT_EQ(metadata(R"({"include": []})"), "row 3: \"tag\" must be a string");
  EXPECT_EQ(
      metadata(
          R"({"tag": "position", "include": [{"class": "cat", "count": 1, "position": ["left off", 0]}]})"),
      "row 3: include[0]: unknown relation 'left off'; did you mean 'left of'?");
  EXPECT_EQ(
      metadata(R"({"tag": "position", "include": [{"class": "cat", "count": 1, "position": ["above", 0]}]})"),
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

}  // namespace
}  // namespace emf
