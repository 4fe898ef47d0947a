// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/question_graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

QuestionGraph graph_of(const std::vector<std::string>& dependencies) {
  QuestionGraph graph{"item", {}};
  for (const std::string& cell : dependencies) {
    graph.questions.push_back({static_cast<int64_t>(graph.questions.size()) + 1, cell, "", ""});
  }
  return graph;
}

PictureAnswers answers_of(const std::vector<std::string>& texts) {
  PictureAnswers answers;
  for (const std::string& text : texts) answers[static_cast<int64_t>(answers.size()) + 1] = text;
  return answers;
}

PictureScore scored(const std::vector<std::string>& dependencies, const std::vector<std::string>& texts,
                    DependencyRule rule, bool official = false) {
  const QuestionGraph graph = graph_of(dependencies);
  return score_picture(graph, check_graph(graph, rule, official), answers_of(texts), rule, official);
}

bool warned(const CheckedGraph& checked, const std::string& part) {
  return std::any_of(checked.warnings.begin(), checked.warnings.end(),
                     [&](const std::string& warning) { return warning.find(part) != std::string::npos; });
}

TEST(QuestionGraph, ZeroesTravelDownByOneRuleAndOneLevelByTheOther) {
  const std::vector<std::string> chain = {"0", "1", "2", "3"}, answers = {"no", "yes", "yes", "yes"};
  EXPECT_DOUBLE_EQ(scored(chain, answers, DependencyRule::kDpg).score, 0);
  EXPECT_DOUBLE_EQ(scored(chain, answers, DependencyRule::kDsg).score, 0.5);
  EXPECT_EQ(scored(chain, answers, DependencyRule::kDsg).adjusted, (std::vector<double>{0, 0, 1, 1}));
  EXPECT_EQ(scored(chain, answers, DependencyRule::kDsg).raw, (std::vector<double>{0, 1, 1, 1}));
}

TEST(QuestionGraph, FileOrderDecidesWhatATravellingZeroReaches) {
  // Question 2 is read before its parent 3 has become 0 through question 1.
  EXPECT_EQ(scored({"0", "3", "1"}, {"no", "yes", "yes"}, DependencyRule::kDpg).adjusted,
            (std::vector<double>{0, 1, 0}));
}

TEST(QuestionGraph, OnlyExactlyYesCountsAndSilenceIsNo) {
  EXPECT_DOUBLE_EQ(scored({"0", "0", "0", "0"}, {"yes", "Yes", "yes.", ""}, DependencyRule::kDpg).score, 0.25);
  EXPECT_DOUBLE_EQ(scored({"0", "0", "1"}, {"yes"}, DependencyRule::kDpg).score, 1.0 / 3);
}

TEST(QuestionGraph, WhatIsWrongWithAGraphIsLeftOutAndNamed) {
  const QuestionGraph graph = graph_of({"1", "9", "2, right", "1,3"});
  const CheckedGraph checked = check_graph(graph, DependencyRule::kDsg, false);
  EXPECT_EQ(checked.parents, (std::vector<std::vector<int64_t>>{{}, {}, {2}, {1, 3}}));
  EXPECT_EQ(checked.warnings.size(), 3u);
  EXPECT_TRUE(warned(checked, "item question 1: depends on itself"));
  EXPECT_TRUE(warned(checked, "item question 2: depends on question 9, which does not exist"));
  EXPECT_TRUE(warned(checked, "item question 3: 'right' is not the number of a question"));
}

TEST(QuestionGraph, CellsThatMeanParentsAreReadWhoeverWroteThem) {
  for (const char* cell : {"1,2", "1,\u00a02", "1,\n2", "[1, 2]", "1;2", "1.0,2.0", " 1 2 ", "('1', \"2\")", "1，2",
                           "１、２", "1|2", "0,1,2", "1,2,", "\ufeff1,2\r"}) {
    const CheckedGraph checked = check_graph(graph_of({"0", "0", cell}), DependencyRule::kDpg, false);
    EXPECT_EQ(checked.parents[2], (std::vector<int64_t>{1, 2})) << cell;
    EXPECT_TRUE(checked.warnings.empty()) << cell;
    EXPECT_EQ(checked.why, "") << cell;
  }
  for (const char* cell : {"", "0", "0.0", "None", "nan", "-", " ", "[]", "n/a"}) {
    const CheckedGraph checked = check_graph(graph_of({"0", "0", cell}), DependencyRule::kDpg, false);
    EXPECT_TRUE(checked.parents[2].empty() && checked.why.empty() && checked.warnings.empty()) << cell;
  }
}

TEST(QuestionGraph, ACellThatCannotBeReadFailsItsItem) {
  for (const char* cell : {"1.5", "1-2", "q1", "1,2x", "right", "99999999999999999999", "-1"}) {
    const CheckedGraph checked = check_graph(graph_of({"0", "0", cell}), DependencyRule::kDsg, false);
    EXPECT_NE(checked.why.find("question 3: '"), std::string::npos) << cell;
    const PictureScore score = scored({"0", "0", cell}, {"no", "yes", "yes"}, DependencyRule::kDpg);
    EXPECT_EQ(score.why, checked.why);
    EXPECT_EQ(score.adjusted, (std::vector<double>{0, 0, 0})) << cell;  // never more than with the dependency
  }
}

TEST(QuestionGraph, TheReleasedLoadersReadAsPythonDoes) {
  for (const char* cell : {"1,\u00a02", "1,\n2"}) {
    EXPECT_EQ(check_graph(graph_of({"0", "0", cell}), DependencyRule::kDsg, true).parents[2],
              (std::vector<int64_t>{1, 2}));
  }
  for (const char* cell : {"[1, 2]", "1;2", "1.0,2.0"}) {
    const CheckedGraph checked = check_graph(graph_of({"0", "1", cell}), DependencyRule::kDsg, true);
    EXPECT_TRUE(checked.parents[1].empty()) << cell;
    EXPECT_TRUE(warned(checked, "all dependencies dropped, as the official loader does")) << cell;
    EXPECT_NE(check_graph(graph_of({"0", "1", cell}), DependencyRule::kDpg, true).why, "") << cell;
  }
}

TEST(QuestionGraph, CirclesAreFound) {
  const CheckedGraph checked = check_graph(graph_of({"0", "4", "2", "3", "1"}), DependencyRule::kDpg, false);
  ASSERT_EQ(checked.warnings.size(), 1u);
  EXPECT_TRUE(warned(checked, "in a circle, 2 -> 4 -> 3 -> 2")) << checked.warnings.front();
  EXPECT_TRUE(check_graph(graph_of({"0", "1", "1", "2,3"}), DependencyRule::kDpg, false).warnings.empty());
}

TEST(QuestionGraph, OfficialLoadersKeepTheirFaults) {
  // DSG: a word anywhere drops every dependency of the item.
  EXPECT_DOUBLE_EQ(scored({"0", "1", "1, air"}, {"no", "yes", "yes"}, DependencyRule::kDsg, true).score, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scored({"0", "1", "1, air"}, {"no", "yes", "yes"}, DependencyRule::kDsg).score, 0);
  // DSG: only answered questions are in the mean.
  EXPECT_DOUBLE_EQ(scored({"0", "0", "0"}, {"yes"}, DependencyRule::kDsg, true).score, 1);
  // Both: an absent parent raises KeyError, unless a "no" comes before it.
  EXPECT_EQ(scored({"0", "7"}, {"yes", "yes"}, DependencyRule::kDpg, true).why,
            "question 2 depends on question 7, which does not exist");
  EXPECT_EQ(scored({"0", "1,7"}, {"no", "yes"}, DependencyRule::kDpg, true).why, "");
}

class QuestionGraphFile : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<Json> read(const std::string& graph, const std::string& answers,
                         const std::vector<std::string>& generators = {}) const {
    write_atomically(folder_ / "g.csv", graph);
    write_atomically(folder_ / "a.csv", answers);
    return read_question_graphs(folder_ / "g.csv", folder_ / "a.csv", generators).rows;
  }
  std::string refusal(const std::string& graph, const std::string& answers,
                      const std::vector<std::string>& generators = {}) const {
    try {
      read(graph, answers, generators);
    } catch (const UserError& error) {
      return error.what();
    }
    return "read";
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_question_graph_test_{}", ::getpid());
  const std::string graph_ = "item_id,proposition_id,dependency\nb,1,0\nb,2,1\na,1,0\n";
};

TEST_F(QuestionGraphFile, RowsFollowTheGraphAndPicturesTheAnswers) {
  const std::vector<Json> rows = read(graph_, "item_id,question_id,answer\nb,1,yes\nb,2,no\nb,1,no\nb,2,yes\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["item_id"], "b");
  EXPECT_EQ(rows[0]["answers"], (Json{{"1", "yes"}, {"2", "no"}}));
  EXPECT_EQ(rows[1]["answers"], (Json{{"1", "no"}, {"2", "yes"}}));
  EXPECT_EQ(rows[2]["item_id"], "a");
  EXPECT_TRUE(rows[2]["answers"].empty());
  EXPECT_EQ(question_graph(rows[0], "row").questions[1].dependency, "1");
}

TEST_F(QuestionGraphFile, GeneratorsAndPicturesAreToldApart) {
  const std::string answers = "item_id,question_id,answer,t2i_model,picture\na,1,yes,x,p\na,1,no,y,p\na,1,maybe,x,o\n";
  std::vector<Json> rows = read(graph_, answers, {"x"});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1]["answers"]["1"], "maybe");  // picture "o" before "p"
  EXPECT_EQ(rows[2]["answers"]["1"], "yes");
  rows = read(graph_, answers, {"y", "x"});
  EXPECT_EQ(rows[1]["answers"]["1"], "no");
  EXPECT_EQ(rows.size(), 4u);
  EXPECT_NE(refusal(graph_, answers).find("2 generators (x, y)"), std::string::npos);
  EXPECT_NE(refusal(graph_, answers, {"z"}).find("no generator 'z'"), std::string::npos);
}

TEST_F(QuestionGraphFile, OfAQuestionThatStandsTwiceTheLaterRowCounts) {
  write_atomically(folder_ / "g.csv", "item_id,proposition_id,dependency\na,1,0\na,2,0\na,1,2\n");
  write_atomically(folder_ / "a.csv", "item_id,question_id,answer\na,1,yes\na,2,no\n");
  const QuestionRows read = read_question_graphs(folder_ / "g.csv", folder_ / "a.csv", {});
  const QuestionGraph graph = question_graph(read.rows.at(0), "row");
  ASSERT_EQ(graph.questions.size(), 2u);
  EXPECT_EQ(graph.questions[0].id, 1);
  EXPECT_EQ(graph.questions[0].dependency, "2");
  ASSERT_EQ(read.warnings.size(), 1u);
  EXPECT_NE(read.warnings[0].find("g.csv:4: question 1 of item 'a' stands there again"), std::string::npos);
}

TEST_F(QuestionGraphFile, AnswersThatMatchNoQuestionAreCounted) {
  write_atomically(folder_ / "g.csv", graph_);
  write_atomically(folder_ / "a.csv", "item_id,question_id,answer\na,1,yes\na,2,yes\nA,1,yes\n");
  const QuestionRows read = read_question_graphs(folder_ / "g.csv", folder_ / "a.csv", {});
  ASSERT_EQ(read.warnings.size(), 1u);
  EXPECT_NE(read.warnings[0].find("2 of 3 answers match no question of the graph; the first, "), std::string::npos);
  EXPECT_NE(read.warnings[0].find("a.csv:3, is to question 2 of item 'a'"), std::string::npos);
  EXPECT_NE(refusal(graph_, "item_id,question_id,answer\nA,1,yes\nB,1,no\n").find("none of the 2 answers is to a"),
            std::string::npos);
}

TEST_F(QuestionGraphFile, ItemsOfUnequalNumbersOfPicturesAreSaid) {
  write_atomically(folder_ / "g.csv", graph_);
  write_atomically(folder_ / "a.csv", "item_id,question_id,answer\na,1,yes\na,1,yes\nb,1,yes\nb,2,no\n");
  const QuestionRows read = read_question_graphs(folder_ / "g.csv", folder_ / "a.csv", {});
  EXPECT_EQ(read.warnings, std::vector<std::string>{"items have unequal numbers of pictures: 'a' 2, 'b' 1"});
}

TEST_F(QuestionGraphFile, BadFilesAreNamedByLine) {
  const std::string answers = "item_id,question_id,answer\na,1,yes\n";
  EXPECT_NE(refusal("item_id,proposition_id,dependency\na,one,0\n", answers).find("g.csv:2: proposition_id"),
            std::string::npos);
  EXPECT_NE(refusal("item_id,proposition_id\na,1\n", answers).find("no column 'dependency'"), std::string::npos);
  EXPECT_NE(refusal(graph_, "item_id,question_id,answer\na,1,yes\na,first,no\n").find("a.csv:3: question_id"),
            std::string::npos);
  EXPECT_NE(refusal(graph_, "item_id,question_id,answer,picture\na,1,yes,p\na,1,no,p\n").find("a.csv:3"),
            std::string::npos);
  EXPECT_NE(refusal("item_id,proposition_id,dependency\n", answers).find("no questions"), std::string::npos);
  EXPECT_NE(refusal("item_id,proposition_id,dependency\na,1,0\ncaf\xe9,1,0\n", answers).find("g.csv:3: byte 4 is 0xE9"),
            std::string::npos);
  EXPECT_NE(refusal(graph_, "item_id,question_id,answer\na,1,\xe9\n").find("a.csv:2: byte 5 is 0xE9"),
            std::string::npos);
}

}  // namespace
}  // namespace emf
