// SPDX-License-Identifier: Apache-2.0
// What a world that holds words and combinations out of training is judged by, and that training never says it.
#include "data/scenes/judged.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "tests/scenes_world.h"

namespace emf {
namespace {

constexpr const char* kNovel =
    "classes = [\"dog\", \"cat\", \"car\", \"airplane\", \"bus\", \"boat\", \"bicycle\", \"clock\"]\ncolors = 6\n"
    "held_out_pairs = 0.2\nheld_out_words = true\n";

std::string refusal(const std::string& table) {
  try {
    scenes_world(table);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(JudgedFacts, EachTaskHasAsManyOfEachNoveltyAsItCan) {
  const auto dataset = scenes_world(kNovel);
  const std::vector<Prompt> prompts = dataset->evaluation_prompts(6 * 60, 3);
  std::map<std::string, std::map<std::string, int>> counts;
  std::set<std::string> texts;
  for (const Prompt& prompt : prompts) {
    ++counts[prompt.labels.at("tag")][prompt.labels.at("novelty")];
    EXPECT_TRUE(texts.insert(prompt.text).second) << prompt.text;
    EXPECT_EQ(parse_caption(prompt.text), facts_from_metadata(prompt.labels)) << prompt.text;
    EXPECT_EQ(prompt.labels.at("held_out"), prompt.labels.at("novelty") == "combination") << prompt.text;
  }
  const std::map<std::string, int> all = {{"none", 15}, {"combination", 15}, {"sentence", 15}, {"words", 15}},
                                   alone = {{"none", 20}, {"sentence", 20}, {"words", 20}};
  for (const std::string& task : geneval_tasks()) {
    // One object alone is no combination of anything.
    EXPECT_EQ(counts[task], task == "single_object" ? alone : all) << task;
  }
}

TEST(JudgedFacts, TrainingNeverSaysWhatIsNew) {
  const auto dataset = scenes_world(kNovel);
  std::set<std::string> said, facts_shown;
  for (const Prompt& prompt : dataset->world()->all_prompts(Split::kTrain)) said.insert(prompt.text);
  std::set<std::string> drawn;
  for (uint64_t index = 0; index < 20000; ++index) {
    const Prompt prompt = dataset->prompt(index);
    EXPECT_EQ(said.count(prompt.text), 1u) << prompt.text;
    drawn.insert(prompt.text);
    facts_shown.insert(write_caption(facts_from_metadata(prompt.labels)));
    // Nor does what pretraining reads in other words.
    EXPECT_EQ(said.count(dataset->paraphrase(prompt, index).text), 1u);
  }
  int known = 0, known_and_drawn = 0;
  for (const Prompt& prompt : dataset->evaluation_prompts(600, 1)) {
    const std::string novelty = prompt.labels.at("novelty"),
                      official = write_caption(facts_from_metadata(prompt.labels));
    EXPECT_EQ(said.count(prompt.text), novelty == "none" ? 1u : 0u) << prompt.text;
    if (novelty == "combination") {
      EXPECT_EQ(facts_shown.count(official), 0u) << prompt.text;
    }
    if (novelty != "none") continue;
    ++known;
    known_and_drawn += static_cast<int>(drawn.count(prompt.text));
  }
  EXPECT_GT(known_and_drawn, known / 2) << "what is called known is what training says";
}

TEST(JudgedFacts, WithoutHeldOutWordsCombinationsAloneAreNew) {
  const auto dataset = scenes_world("classes = 6\ncolors = 4\nheld_out_pairs = 0.2");
  std::map<std::string, int> counts;
  for (const Prompt& prompt : dataset->evaluation_prompts(100, 0)) {
    ++counts[prompt.labels.at("novelty")];
    EXPECT_EQ(prompt.text, write_caption(facts_from_metadata(prompt.labels)));
  }
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_GE(counts["combination"], 30) << "as many as so small a world has";
}

TEST(JudgedFacts, OtherWorldsSayNothingOfNovelty) {
  for (const Prompt& prompt : scenes_world("classes = 6\ncolors = 4")->evaluation_prompts(100, 0)) {
    EXPECT_FALSE(prompt.labels.contains("novelty"));
  }
  EXPECT_FALSE(scenes_world("classes = 6")->fingerprint().at("options").contains("held_out_words"));
}

TEST(JudgedFacts, RefusesClassesWithoutOtherNamesAndTwoWaysToReword) {
  EXPECT_NE(refusal("classes = [\"dog\", \"pizza\"]\nheld_out_words = true").find("'pizza' has none"),
            std::string::npos);
  EXPECT_NE(
      refusal("classes = [\"dog\", \"cat\"]\nheld_out_words = true\nparaphrase = 0.5").find("leave 'paraphrase' out"),
      std::string::npos);
}

}  // namespace
}  // namespace emf
