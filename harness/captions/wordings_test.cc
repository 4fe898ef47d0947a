// SPDX-License-Identifier: Apache-2.0
// Every wording of either half says its facts and no others; the halves share no text, and held-out words no word.
#include "harness/captions/wordings.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace emf {
namespace {

constexpr Relation kRelations[] = {Relation::kLeftOf, Relation::kRightOf, Relation::kAbove, Relation::kBelow};

/// Facts of every task about a class that has held-out names and the next one that has.
std::vector<Facts> facts_of_every_task(int first, int second) {
  std::vector<Facts> many = {{Task::kSingleObject, {{first, 1, -1}}},
                             {Task::kCounting, {{first, 2, -1}}},
                             {Task::kCounting, {{first, 3, -1}}},
                             {Task::kCounting, {{first, 4, -1}}},
                             {Task::kColors, {{first, 1, first % 10}}},
                             {Task::kTwoObject, {{first, 1, -1}, {second, 1, -1}}},
                             {Task::kColorAttr, {{first, 1, first % 10}, {second, 1, (first + 1) % 10}}}};
  for (const Relation relation : kRelations) {
    many.push_back({Task::kPosition, {{first, 1, -1}, {second, 1, -1}}, relation});
  }
  return many;
}

std::vector<int> classes_with_held_out_names() {
  std::vector<int> classes;
  for (int id = 0; id < static_cast<int>(geneval_classes().size()); ++id) {
    if (!class_words(id, WordSplit::kHeldOut).empty()) classes.push_back(id);
  }
  return classes;
}

std::set<std::string> words_in(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST(Wordings, EachSaysItsFactsAndNoOthers) {
  const std::vector<int> classes = classes_with_held_out_names();
  ASSERT_GE(classes.size(), 30u);
  std::map<std::string, Facts> said;
  for (size_t i = 0; i < classes.size(); ++i) {
    for (const Facts& facts : facts_of_every_task(classes[i], classes[(i + 5) % classes.size()])) {
      for (const WordSplit sentences : kWordSplits) {
        for (const WordSplit words : kWordSplits) {
          const Wordings wordings(facts, sentences, words);
          EXPECT_GE(wordings.size(), 4u);
          for (uint32_t number = 0; number < wordings.size(); ++number) {
            const std::string text = wordings.at(number);
            EXPECT_TRUE(said.emplace(text, facts).second) << text << " is said twice";
            const auto read = parse_caption(text);
            ASSERT_TRUE(read.has_value()) << text;
            EXPECT_EQ(*read, facts) << text;
          }
        }
      }
      EXPECT_EQ(Wordings(facts, WordSplit::kTraining, WordSplit::kTraining).at(0), write_caption(facts));
    }
  }
}

TEST(Wordings, ParaphrasesAreTrainings) {
  // Worlds that train on paraphrases may not say what another world keeps for judging.
  for (const int id : classes_with_held_out_names()) {
    for (const Facts& facts : facts_of_every_task(id, (id + 1) % 80)) {
      const Wordings all(facts, WordSplit::kTraining, WordSplit::kTraining);
      std::set<std::string> training;
      for (uint32_t number = 0; number < all.size(); ++number) training.insert(all.at(number));
      for (const std::string& text : paraphrase_captions(facts)) {
        // Paraphrases have dictionary plurals of official names, which wordings have not.
        if (facts.task == Task::kCounting) continue;
        EXPECT_EQ(training.count(text), 1u) << text;
      }
    }
  }
}

TEST(Wordings, HeldOutWordsShareNothingWithTrainings) {
  const auto check = [](const std::vector<std::string>& training, const std::vector<std::string>& held_out) {
    std::set<std::string> known;
    for (const std::string& name : training) {
      for (const std::string& word : words_in(name)) known.insert(word);
    }
    for (const std::string& name : held_out) {
      for (const std::string& word : words_in(name)) {
        if (word == "a" || word == "of") continue;
        EXPECT_EQ(known.count(word), 0u) << name << " holds a word of " << training.front();
      }
    }
  };
  for (int id = 0; id < 80; ++id) {
    check(class_words(id, WordSplit::kTraining), class_words(id, WordSplit::kHeldOut));
  }
  for (int id = 0; id < 10; ++id) {
    EXPECT_GE(color_words(id, WordSplit::kHeldOut).size(), 2u);
    check(color_words(id, WordSplit::kTraining), color_words(id, WordSplit::kHeldOut));
  }
  for (int count = 2; count <= 4; ++count) {
    check(count_words(count, WordSplit::kTraining), count_words(count, WordSplit::kHeldOut));
  }
}

TEST(Wordings, TrainingsAreDistinctAndBeginOfficially) {
  const Facts facts{Task::kColors, {{16, 1, 0}}};
  const std::vector<std::string> some = training_wordings(facts, 4), more = training_wordings(facts, 6),
                                 all = training_wordings(facts, 1000);
  EXPECT_EQ(some.front(), "a photo of a red dog");
  EXPECT_EQ(some, std::vector<std::string>(more.begin(), more.begin() + 4));
  EXPECT_EQ(all.size(), Wordings(facts, WordSplit::kTraining, WordSplit::kTraining).size());
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST(Wordings, AClassWithoutAnotherNameHasNoHeldOutWording) {
  const Facts facts{Task::kSingleObject, {{geneval_class_id("pizza"), 1, -1}}};
  EXPECT_EQ(Wordings(facts, WordSplit::kTraining, WordSplit::kHeldOut).size(), 0u);
  EXPECT_GT(Wordings(facts, WordSplit::kHeldOut, WordSplit::kTraining).size(), 0u);
}

}  // namespace
}  // namespace emf
