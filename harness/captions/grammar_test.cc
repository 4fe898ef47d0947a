// SPDX-License-Identifier: Apache-2.0
// Captions become facts and come back unchanged: the official 553, ours, and every paraphrase.
#include "harness/captions/grammar.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

Facts parsed(const std::string& text) {
  const auto facts = parse_caption(text);
  EXPECT_TRUE(facts.has_value()) << text;
  return facts.value_or(Facts{});
}

ObjectFact object(const char* name, int count = 1, const char* color = "") {
  return {geneval_class_id(name), count, geneval_color_id(color)};
}

TEST(CaptionGrammar, OfficialPromptsRoundTrip) {
  const char* root = std::getenv("EMF_THIRD_PARTY_DIR");
  if (root == nullptr) GTEST_SKIP() << "EMF_THIRD_PARTY_DIR is unset: it must hold geneval/evaluation_metadata.jsonl";
  const auto lines = read_json_lines(std::filesystem::path(root) / "geneval" / "evaluation_metadata.jsonl");
  ASSERT_EQ(lines.size(), 553u);
  for (const Json& line : lines) {
    const std::string prompt = line.at("prompt");
    const Facts facts = facts_from_metadata(line);
    EXPECT_EQ(write_caption(facts), prompt);
    EXPECT_EQ(parsed(prompt), facts) << prompt;
    EXPECT_EQ(facts_to_metadata(facts), line) << prompt;
  }
}

TEST(CaptionGrammar, WritesAndReadsEveryTask) {
  const std::vector<std::pair<std::string, Facts>> cases = {
      {"a photo of a pizza", {Task::kSingleObject, {object("pizza")}}},
      {"a photo of an orange", {Task::kSingleObject, {object("orange")}}},
      {"a photo of a scissors", {Task::kSingleObject, {object("scissors")}}},
      {"a photo of two buses", {Task::kCounting, {object("bus", 2)}}},
      {"a photo of three wine glasses", {Task::kCounting, {object("wine glass", 3)}}},
      {"a photo of four knifes", {Task::kCounting, {object("knife", 4)}}},
      {"a photo of an orange orange", {Task::kColors, {object("orange", 1, "orange")}}},
      {"a photo of a white hot dog", {Task::kColors, {object("hot dog", 1, "white")}}},
      {"a photo of an orange and an apple", {Task::kTwoObject, {object("orange"), object("apple")}}},
      {"a photo of a tv remote above a tv", {Task::kPosition, {object("tv"), object("tv remote")}, Relation::kAbove}},
      {"a photo of a bear left of a teddy bear",
       {Task::kPosition, {object("teddy bear"), object("bear")}, Relation::kLeftOf}},
      {"a photo of a dog right of a cat", {Task::kPosition, {object("cat"), object("dog")}, Relation::kRightOf}},
      {"a photo of an orange below a cup", {Task::kPosition, {object("cup"), object("orange")}, Relation::kBelow}},
      {"a photo of an orange orange and a black dog",
       {Task::kColorAttr, {object("orange", 1, "orange"), object("dog", 1, "black")}}},
  };
  for (const auto& [text, facts] : cases) {
    EXPECT_EQ(write_caption(facts), text);
    EXPECT_EQ(parsed(text), facts) << text;
    EXPECT_EQ(facts_from_metadata(facts_to_metadata(facts)), facts) << text;
  }
  EXPECT_EQ(facts_to_metadata(cases[3].second).dump(),
            R"({"exclude":[{"class":"bus","count":3}],"include":[{"class":"bus","count":2}],)"
            R"("prompt":"a photo of two buses","tag":"counting"})");
}

TEST(CaptionGrammar, ParaphrasesSayTheSame) {
  std::set<std::string> all;
  size_t count = 0;
  const int classes = static_cast<int>(geneval_classes().size());
  for (int first = 0; first < classes; ++first) {
    const int second = (first + 7) % classes;
    std::vector<Facts> many = {{Task::kSingleObject, {{first, 1, -1}}},
                               {Task::kCounting, {{first, 3, -1}}},
                               {Task::kColors, {{first, 1, first % 10}}},
                               {Task::kTwoObject, {{first, 1, -1}, {second, 1, -1}}},
                               {Task::kColorAttr, {{first, 1, 1}, {second, 1, first % 10}}}};
    for (const Relation relation : {Relation::kLeftOf, Relation::kRightOf, Relation::kAbove, Relation::kBelow}) {
      many.push_back({Task::kPosition, {{first, 1, -1}, {second, 1, -1}}, relation});
    }
    for (const Facts& facts : many) {
      const auto captions = paraphrase_captions(facts);
      EXPECT_GE(captions.size(), 4u);
      for (const std::string& text : captions) {
        EXPECT_EQ(parsed(text), facts) << text;
        EXPECT_TRUE(all.insert(text).second) << text;
      }
      count += captions.size();
    }
  }
  EXPECT_EQ(all.size(), count);
}

TEST(CaptionGrammar, ForgivesCaseAndAFullStopOnly) {
  EXPECT_EQ(write_caption(parsed(" A photo of a dog. \n")), "a photo of a dog");
}

TEST(CaptionGrammar, OtherTextIsNotInTheGrammar) {
  for (const char* text :
       {"", ".", "a photo of", "a photo of a", "a photo of dog", "a photo of an dog", "a photo of a fox", "a dog",
        "a photo of one dog", "a photo of two dog", "a photo of eleven dogs", "a photo of two red dogs",
        "a photo of a dog and a dog", "a photo of a red dog and a cat", "a photo of a red dog above a cat",
        "a photo of a dog and a cat and a cow", "a photo of a red red dog", "a photo of a dog\xff"}) {
    EXPECT_FALSE(parse_caption(text).has_value()) << text;
  }
}

TEST(CaptionGrammar, BadMetadataIsNamed) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      facts_from_metadata(parse_json(text, "test"));
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal(R"({"tag": "color", "include": []})").find("did you mean 'colors'?"), std::string::npos);
  EXPECT_NE(refusal(R"({"tag": "colors", "include": [{"class": "dgo", "count": 1, "color": "red"}]})").find("'dog'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"tag": "colors", "include": [{"class": "dog", "count": 1}]})").find("needs a color"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"tag": "position", "include": [{"class": "dog"}, {"class": "cat"}]})").find("'position'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"tag": "two_object", "include": [{"class": "dog"}]})").find("two objects"), std::string::npos);
  EXPECT_NE(refusal("[]").find("'tag'"), std::string::npos);
}

}  // namespace
}  // namespace emf
