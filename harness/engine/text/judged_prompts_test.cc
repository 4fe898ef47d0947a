// SPDX-License-Identifier: Apache-2.0
// Reworded prompts say the facts of judged ones in words that training does not have, and stand behind all others.
#include "harness/engine/text/judged_prompts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/captions/composition.h"
#include "harness/captions/grammar.h"

namespace emf {
namespace {

std::shared_ptr<const Dataset> scenes(const std::string& more) {
  const Config config = parse_config("[data]\nside = 32\nclasses = 4\ncolors = 3\n" + more, "test");
  return DatasetRegistry::instance().make("scenes", Options(config, {"data"}), {0});
}

JudgedPrompts judged(const std::shared_ptr<const Dataset>& dataset, int64_t pool, const JudgingOptions& options) {
  return make_judged_prompts(TrainingCaptions(dataset, pool), options);
}

TEST(JudgedPrompts, RewordedPromptsAreNewToTraining) {
  // Training says a share in other words too, so that a reworded prompt must avoid those it happened to use.
  const auto dataset = scenes("paraphrase = 0.2\n");
  const JudgedPrompts table =
      judged(dataset, 400, {.prompts = 24, .pictures_per_prompt = 2, .reworded = 10, .seed = 0});
  ASSERT_EQ(table.prompts.size(), 58u);
  EXPECT_EQ(table.num_plain(), 48);
  std::set<std::string> training;
  const CaptionIndex captions = index_captions(*dataset, 400);
  for (int64_t i = 0; i < captions.size(); ++i) training.insert(captions.caption(*dataset, i).text);
  for (size_t i = 0; i < 10; ++i) {
    const Prompt &plain = table.prompts[i], &reworded = table.prompts[48 + i];
    EXPECT_TRUE(reworded.labels.at("reworded").get<bool>());
    EXPECT_EQ(training.count(reworded.text), 0u) << reworded.text;
    EXPECT_EQ(parse_caption(reworded.text), parse_caption(plain.text));
    EXPECT_EQ(reworded.labels.at("held_out"), plain.labels.at("held_out"));
    EXPECT_EQ(reworded.labels.at("tag"), plain.labels.at("tag"));
  }
}

TEST(JudgedPrompts, RewordingChangesNoOtherPrompt) {
  const auto dataset = scenes("");
  const JudgedPrompts plain = judged(dataset, 100, {.prompts = 24, .seed = 3});
  const JudgedPrompts more = judged(dataset, 100, {.prompts = 24, .reworded = 5, .seed = 3});
  for (size_t i = 0; i < plain.prompts.size(); ++i) EXPECT_EQ(more.prompts[i].text, plain.prompts[i].text);
  EXPECT_NE(more.hash(), plain.hash());
}

TEST(JudgedPrompts, PromptsOfAFileAsFarAsTheWorldGoes) {
  const auto dataset = scenes("");
  const auto path = std::filesystem::temp_directory_path() / fmt::format("emf_metadata_{}.jsonl", ::getpid());
  std::vector<Json> lines;
  for (const char* text : {"a photo of a apple", "a photo of a zebra", "a photo of two dogs", "a photo of a red car"}) {
    const auto facts = parse_caption(text);
    if (facts) lines.push_back(facts_to_metadata(*facts, text));
  }
  ASSERT_EQ(lines.size(), 3u) << "a apple is no caption";
  write_atomically(path, json_lines(lines));
  const JudgedPrompts table = judged(dataset, 10, {.prompts = 24, .metadata = path.string(), .seed = 0});
  std::filesystem::remove(path);
  ASSERT_EQ(table.prompts.size(), 2u);
  EXPECT_EQ(table.prompts[0].text, "a photo of two dogs");
  EXPECT_EQ(table.num_beyond, 1);
  const auto held_out = dataset->world()->all_prompts(Split::kHeldOut);
  EXPECT_EQ(table.prompts[1].labels.at("held_out").get<bool>(),
            std::any_of(held_out.begin(), held_out.end(),
                        [&](const Prompt& one) { return one.text == table.prompts[1].text; }));
  EXPECT_THROW(judged(dataset, 10, {.metadata = path.string()}), UserError) << "the file is gone";
}

TEST(JudgedPrompts, LabelsThatPromptsAreToldApartByAreNotTakenFromAFile) {
  const auto dataset = scenes("");
  const auto path = std::filesystem::temp_directory_path() / fmt::format("emf_reserved_{}.jsonl", ::getpid());
  const Json line = facts_to_metadata(*parse_caption("a photo of two dogs"), "a photo of two dogs");
  for (const auto& [label, value] : {std::pair<std::string, Json>{"reworded", "yes"}, {"questions", Json::array()}}) {
    Json more = line;
    more[label] = value;
    write_atomically(path, json_lines({line, more}));
    try {
      judged(dataset, 10, {.metadata = path.string()});
      ADD_FAILURE() << label << " was taken";
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()), fmt::format("{}:2: \"{}\" is a label that emfbench gives itself; take it "
                                                       "out of the line",
                                                       path.string(), label));
    }
  }
  std::filesystem::remove(path);
}

TEST(JudgedPrompts, CompositionsStandLastAndAreNotPlain) {
  const auto dataset = scenes("compositions = 0.5\n");
  const JudgedPrompts table = judged(dataset, 100, {.prompts = 24, .reworded = 3, .compositions = 5, .seed = 3});
  ASSERT_EQ(table.prompts.size(), 32u);
  EXPECT_EQ(table.num_plain(), 24);
  for (size_t i = 0; i < table.prompts.size(); ++i) {
    EXPECT_EQ(is_composition(table.prompts[i].labels), i >= 27);
    EXPECT_EQ(is_plain(table.prompts[i]), i < 24);
  }
}

}  // namespace
}  // namespace emf
