// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/judged_lines.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

/// What a line is read as, by its JSON value alone.
std::string plainly(const std::string& text) {
  try {
    const Json row = parse_json(text, "line");
    std::string words = row.dump();
    if (row.is_object() && row.contains("detections")) {
      for (const Detection& box : geneval_detections(row["detections"], "line")) {
        words += fmt::format(" {} {} {} {} {} {} {}", box.class_name, box.box[0], box.box[1], box.box[2], box.box[3],
                             box.score, box.color.value_or("none"));
      }
    }
    return words;
  } catch (const UserError& error) {
    return error.what();
  }
}

/// The same by way of parse_judged_line().
std::string by_events(const std::string& text, bool& typed) {
  try {
    JudgedLine line = parse_judged_line(text, "line");
    typed = line.detections.has_value();
    if (!typed && line.row.is_object() && line.row.contains("detections")) {
      line.detections = geneval_detections(line.row["detections"], "line");
    }
    if (typed) line.row["detections"] = parse_json(text, "line")["detections"];
    std::string words = line.row.dump();
    for (const Detection& box : line.detections.value_or(std::vector<Detection>())) {
      words += fmt::format(" {} {} {} {} {} {} {}", box.class_name, box.box[0], box.box[1], box.box[2], box.box[3],
                           box.score, box.color.value_or("none"));
    }
    return words;
  } catch (const UserError& error) {
    return error.what();
  }
}

TEST(JudgedLines, AreWhatTheirJsonSays) {
  const std::string box = R"({"cls": "cat", "box": [1, 2.5, -3, 4e2], "score": 0.9, "color": "red"})";
  const std::vector<std::string> good = {
      R"({"metadata": {"tag": "colors", "include": [{"class": "cat", "count": 1}], "n": [-1, 2, 3.5, true, null]}, )"
      R"("detections": [)" +
          box + "," + box + "]}",
      R"({"detections": [], "index": 3})",
      R"({"detections": [{"score": 1, "box": [1, 2, 3, 4], "cls": "é", "color": null, "mask": 7, "note": "x", )"
      R"("seen": false}]})",
      R"({"a": {"detections": [)" + box + R"(]}, "detections": [)" + box + "]}"};
  for (const std::string& text : good) {
    bool typed = false;
    EXPECT_EQ(by_events(text, typed), plainly(text));
    EXPECT_TRUE(typed) << text;
  }
}

TEST(JudgedLines, OddOnesAreLeftToJson) {
  const std::vector<std::string> odd = {
      R"({"metadata": 1})",
      R"([{"detections": []}])",
      R"("detections")",
      R"({"detections": 5})",
      R"({"detections": [], "detections": 5})",
      R"({"detections": [], "detections": {}})",
      R"({"detections": [3]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4, 5], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, "4"], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 1e300], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [[1], 2, 3, 4], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4]}]})",
      R"({"detections": [{"cls": 3, "box": [1, 2, 3, 4], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4], "score": "high"}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4], "score": 1, "color": 5}]})",
      R"({"detections": [{"cls": "cat", "cls": "dog", "box": [1, 2, 3, 4], "score": 1}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4], "score": 1, "more": {"a": 1}}]})",
      R"({"detections": [{"cls": "cat", "box": [1, 2, 3, 4], "score": 1}})",
      R"({"detections": [)",
      R"({"detections": [1e999]})",
      "{",
      "",
      std::string(600, '[')};
  for (const std::string& text : odd) {
    bool typed = false;
    EXPECT_EQ(by_events(text, typed), plainly(text)) << text;
    EXPECT_FALSE(typed) << text;
  }
}

}  // namespace
}  // namespace emf
