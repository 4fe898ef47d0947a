// SPDX-License-Identifier: Apache-2.0
// The mean of a judge's column: forms of files, prompts, pairs, and what is refused.
#include "harness/rules/column_mean.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class ColumnMeanTest : public testing::Test {
 protected:
  AnswerSet score(const ColumnMean& columns, const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<std::string> words;
    for (const auto& [name, text] : files) {
      write_atomically(folder_ / name, text);
      words.push_back((folder_ / name).string());
    }
    std::vector<AnswerFile> read;
    notes_ = {};
    return score_answers(*column_mean_rule(columns), "mean", words, {}, Options(), notes_, read);
  }
  std::string refusal(const ColumnMean& columns, const std::string& name, const std::string& text) {
    try {
      score(columns, {{name, text}});
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }
  static double mean(const AnswerSet& set, size_t number = 0) { return value_of(set.numbers.at(number), set.sums()); }

  const TemporaryFolder folder_{"column_mean"};
  AnswerNotes notes_;
};

TEST_F(ColumnMeanTest, FormsOfFilesAreOneAndTheSame) {
  const ColumnMean columns{"score", "prompt"};
  const AnswerSet csv = score(columns, {{"a.csv", "prompt,score\n\"a cat, red\",1.5\n\"a cat, red\",2.5\na dog,-1\n"}});
  EXPECT_DOUBLE_EQ(mean(csv), 1.0);
  EXPECT_EQ(csv.items[1].id, "a cat, red #2");
  EXPECT_EQ(csv.items[1].cluster, "a cat, red");
  EXPECT_TRUE(notes_.lines().empty());
  const AnswerSet lines =
      score(columns, {{"a.jsonl", "{\"prompt\":\"a cat\",\"score\":1}\n{\"prompt\":\"b\",\"score\":\"2\"}\n"},
                      {"b.json", "[{\"prompt\":\"c\",\"score\":6}]"}});
  EXPECT_DOUBLE_EQ(mean(lines), 3.0);
  EXPECT_DOUBLE_EQ(mean(score(columns, {{"a.tsv", "prompt\tscore\na\t1\nb\t2\n"}})), 1.5);
  const AnswerSet deep =
      score({"scores.clip", "meta.prompt"}, {{"a.jsonl", "{\"meta\":{\"prompt\":\"x\"},\"scores\":{\"clip\":4}}\n"}});
  EXPECT_DOUBLE_EQ(mean(deep), 4.0);
  EXPECT_EQ(deep.items[0].cluster, "x");
}

TEST_F(ColumnMeanTest, GroupsHaveNumbersAndLessMayBeBetter) {
  const AnswerSet set =
      score({"lpips", "prompt", "file", "style", true},
            {{"a.csv", "file,prompt,style,lpips\n1.png,a,anime,0.5\n2.png,a,photo,0.25\n3.png,b,anime,0.75\n"}});
  ASSERT_EQ(set.numbers.size(), 3u);
  EXPECT_EQ(set.numbers[1].name, "style/anime");
  EXPECT_DOUBLE_EQ(mean(set, 1), 0.625);
  EXPECT_TRUE(set.numbers[0].lower_is_better);
  EXPECT_EQ(set.items[0].id, "1.png");
  EXPECT_DOUBLE_EQ(set.items[0].score, -0.5) << "who won";
}

TEST_F(ColumnMeanTest, WhatIsNoNumberIsCountedOrRefused) {
  const AnswerSet set = score({"s", ""}, {{"a.csv", "s\n1\n\nnan\n3\n"}, {"b.jsonl", "{\"s\":null}\n{\"s\":true}\n"}});
  EXPECT_EQ(set.items.size(), 3u);
  EXPECT_DOUBLE_EQ(mean(set), 5.0 / 3);
  ASSERT_EQ(notes_.lines().size(), 2u) << notes_.lines().front();
  EXPECT_NE(notes_.lines()[0].find("lines without a number in the column, left out (2 times"), std::string::npos)
      << notes_.lines()[0];
  EXPECT_NE(notes_.lines()[1].find("--cluster"), std::string::npos);
  EXPECT_NE(refusal({"s", ""}, "a.csv", "s\ngood\n").find("a.csv:2: column 's' holds \"good\""), std::string::npos)
      << refusal({"s", ""}, "a.csv", "s\ngood\n");
  EXPECT_NE(refusal({"scor", ""}, "a.csv", "score\n1\n").find("did you mean 'score'"), std::string::npos);
  EXPECT_NE(refusal({"s", "", "file"}, "a.csv", "file,s\nx,1\nx,2\n").find("stands twice"), std::string::npos);
  EXPECT_NE(refusal({"s", ""}, "a.jsonl", "[1]\n").find("must be an object"), std::string::npos);
  EXPECT_NE(refusal({"s", ""}, "a.csv", "s\nnan\n").find("not one number"), std::string::npos);
  EXPECT_NE(refusal({"s", ""}, "a.txt", "s\n1\n").find("none of the files"), std::string::npos);
}

}  // namespace
}  // namespace emf
