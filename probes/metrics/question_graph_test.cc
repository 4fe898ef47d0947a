// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "harness/api/metric.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/rules/question_graph.h"

namespace emf {
namespace {

Json row(const std::string& item, const std::vector<std::string>& dependencies, const Json& answers) {
  Json questions = Json::array();
  for (const std::string& cell : dependencies) {
    questions.push_back({{"id", questions.size() + 1}, {"dependency", cell}, {"category", "entity"}});
  }
  return {{"item_id", item}, {"questions", questions}, {"answers", answers}};
}

MetricValue scored(const std::vector<Json>& rows, const Json& options = Json::object()) {
  MetricInput input;
  input.judged = &rows;
  input.options = options;
  return MetricRegistry::instance().make("question_graph")->score(input).front();
}

std::map<std::string, Json> by_item(const MetricValue& value) {
  std::map<std::string, Json> items;
  for (const Json& item : value.details["items"]) items[item["item_id"]] = item;
  return items;
}

TEST(QuestionGraphMetric, AnItemThatFailsCountsAsAFailureAndIsListed) {
  const std::vector<Json> rows = {row("good", {"0", "1"}, {{"1", "yes"}, {"2", "yes"}}),
                                  row("silent", {"0"}, Json::object()), row("blank", {"0"}, {{"1", " "}})};
  const MetricValue value = scored(rows);
  EXPECT_DOUBLE_EQ(*value.value, 1.0 / 3);
  EXPECT_EQ(value.n, 3);
  ASSERT_EQ(value.details["failed"].size(), 2u);
  EXPECT_EQ(value.details["failed"][0], (Json{{"item_id", "silent"}, {"why", "no usable answer"}}));
}

TEST(QuestionGraphMetric, PicturesOfAnItemAreAveragedAndCategoriesUseAllOfThem) {
  std::vector<Json> rows = {row("a", {"0", "1"}, {{"1", "no"}, {"2", "yes"}}),
                            row("a", {}, {{"1", "yes"}, {"2", "yes"}})};
  EXPECT_DOUBLE_EQ(*scored(rows).value, 0.5);
  EXPECT_EQ(scored(rows).details["items"][0]["pictures"], (Json{0.0, 1.0}));
  EXPECT_EQ(scored(rows).details["categories"]["entity"], (Json{{"score", 0.5}, {"answers", 4}}));
  std::swap(rows[0], rows[1]);  // the row with the questions may come last
  EXPECT_DOUBLE_EQ(*scored(rows).value, 0.5);
}

TEST(QuestionGraphMetric, MissingAnswersAreNamed) {
  const MetricValue value = scored({row("a", {"0", "0", "0"}, {{"2", "yes"}})});
  ASSERT_EQ(value.warnings.size(), 1u);
  EXPECT_EQ(value.warnings[0], "a picture 1: question 1, 3 has no answer, which counts as no");
}

TEST(QuestionGraphMetric, AnswersThatAreNeitherYesNorNoAreCountedAndShown) {
  const MetricValue value = scored({row("a", {"0", "0", "0"}, {{"1", "yes"}, {"2", "yes, a dog"}, {"3", " "}})});
  EXPECT_DOUBLE_EQ(*value.value, 1.0 / 3);
  ASSERT_EQ(value.warnings.size(), 1u);
  EXPECT_EQ(value.warnings[0],
            "2 of 3 answers are neither \"yes\" nor \"no\" and count as no; the first: 'yes, a dog' (a question 2)");
}

TEST(QuestionGraphMetric, AnswersOfWhichNoneIsYesOrNoAreRefused) {
  const auto refusal = [](const char* answer) -> std::string {
    try {
      scored({row("a", {"0", "0"}, {{"1", answer}, {"2", answer}})});
    } catch (const UserError& error) {
      return error.what();
    }
    return "scored";
  };
  EXPECT_EQ(refusal("Yes"),
            "judged: not one of 2 answers is \"yes\" or \"no\"; the first is 'Yes' (a question 1); the "
            "rule knows lower case without anything around it");
  EXPECT_NE(refusal("0.93").find("make a yes or a no of each number"), std::string::npos);
  EXPECT_NE(refusal("It shows a dog.").find("'It shows a dog.'"), std::string::npos);
  EXPECT_EQ(refusal("no"), "scored");
}

TEST(QuestionGraphMetric, ADependencyThatCannotBeReadFailsItsItem) {
  const MetricValue value =
      scored({row("a", {"0", "1-2"}, {{"1", "yes"}, {"2", "yes"}}), row("b", {"0"}, {{"1", "yes"}})});
  EXPECT_DOUBLE_EQ(*value.value, 0.5);
  EXPECT_EQ(value.details["failed"],
            (Json{{{"item_id", "a"}, {"why", "question 2: '1-2' among its dependencies names no question"}}}));
}

/// The released graphs and answers; the scores of the released code are in tests/oracle.
class ReleasedAnswers : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("EMF_THIRD_PARTY_DIR");
    if (folder == nullptr) GTEST_SKIP() << "set EMF_THIRD_PARTY_DIR to the folder that holds dpg/dsg-1k-anns.csv";
    folder_ = std::filesystem::path(folder) / "dpg";
  }

  /// Items of `keep` only, in the graph's order; all of them when it is empty.
  std::vector<Json> rows(const std::string& answers, const std::vector<std::string>& generators, const Json& keep) {
    std::vector<Json> kept;
    for (Json& one : read_question_graphs(folder_ / "dsg-1k-anns.csv", folder_ / answers, generators).rows) {
      if (keep.is_null() || keep.contains(one["item_id"].get<std::string>())) kept.push_back(std::move(one));
    }
    return kept;
  }

  void expect_categories(const Json& ours, const Json& theirs) {
    ASSERT_EQ(ours.size(), theirs.size());
    for (const auto& [name, score] : theirs.items()) {
      EXPECT_NEAR(100 * ours[name]["score"].get<double>(), score.get<double>(), 1e-10) << name;
    }
  }

  std::filesystem::path folder_;
  const Json oracle_ = read_json(project_root() / "tests/oracle/question_graph_values.json");
};

TEST_F(ReleasedAnswers, PublishedFigureOfDsgIsMet) {
  const std::vector<Json> all = rows("dsg_pali17b_answers.csv", {"sd2dot1"}, Json());
  const MetricValue value = scored(all, {{"rule", "dsg"}, {"official", true}});
  EXPECT_NEAR(*value.value, oracle_["pali"]["value"].get<double>(), 1e-14);
  EXPECT_EQ(value.n, 1060);
  ASSERT_EQ(value.details["failed"].size(), 1u);
  EXPECT_EQ(value.details["failed"][0]["item_id"], "tifa160_134");
  EXPECT_EQ(scored(all, {{"rule", "dsg"}}).details["failed"].size(), 1u);
}

TEST_F(ReleasedAnswers, EveryItemOfTheDsgRuleIsExact) {
  const Json& expected = oracle_["dsg"];
  const auto items = by_item(scored(rows("dsg_mplug_answers.csv", {"sd2dot1"}, expected), {{"rule", "dsg"}}));
  ASSERT_EQ(items.size(), expected.size());
  for (const auto& [name, scores] : expected.items()) {
    EXPECT_EQ(items.at(name)["score"].get<double>(), scores[0].get<double>()) << name;
  }
}

TEST_F(ReleasedAnswers, EveryItemOfTheDpgRuleIsExact) {
  Json keep = Json::object();
  for (const Json& name : oracle_["single"]["order"]) keep[name.get<std::string>()] = true;
  const std::vector<Json> all = rows("dsg_mplug_answers.csv", {"sd2dot1"}, keep);
  const MetricValue official = scored(all, {{"rule", "dpg"}, {"official", true}});
  const auto items = by_item(official), corrected = by_item(scored(all, {{"rule", "dpg"}}));
  const Json& expected = oracle_["single"];
  ASSERT_EQ(items.size(), expected["items"].size());
  ASSERT_EQ(corrected.size(), expected["items"].size() + 1);  // the item that the official loader loses
  for (const auto& [name, values] : expected["items"].items()) {
    EXPECT_EQ(items.at(name)["score"].get<double>(), values[0].get<double>()) << name;
    EXPECT_EQ(corrected.at(name)["score"].get<double>(), values[0].get<double>()) << name;
  }
  EXPECT_EQ(official.details["failed"].size(), 1u);
  EXPECT_EQ(official.details["failed"][0]["item_id"], expected["failed"][0]);
  EXPECT_NEAR(100 * *official.value, expected["score"].get<double>(), 1e-11);
  expect_categories(official.details["categories"], expected["L1"]);
  expect_categories(official.details["subcategories"], expected["L2"]);
}

TEST_F(ReleasedAnswers, FourPicturesAreAveragedExactly) {
  const Json& expected = oracle_["four"];
  const std::vector<Json> all = rows("dsg_mplug_answers.csv", expected["generators"], expected["items"]);
  EXPECT_EQ(all.size(), 4 * expected["items"].size());
  const MetricValue value = scored(all, {{"rule", "dpg"}});
  const auto items = by_item(value);
  for (const auto& [name, values] : expected["items"].items()) {
    EXPECT_EQ(items.at(name)["score"].get<double>(), values[0].get<double>()) << name;
    EXPECT_EQ(items.at(name)["pictures"], values[1]) << name;
  }
  EXPECT_NEAR(100 * *value.value, expected["score"].get<double>(), 1e-11);
}

TEST_F(ReleasedAnswers, WhereTheRulesDifferIsKnown) {
  const Json& expected = oracle_["dsg"];
  const std::vector<Json> all = rows("dsg_mplug_answers.csv", {"sd2dot1"}, expected);
  const auto dpg = by_item(scored(all, {{"rule", "dpg"}})), dsg = by_item(scored(all, {{"rule", "dsg"}}));
  Json differ = Json::array();
  for (const auto& [name, item] : dpg) {
    if (item["score"] != dsg.at(name)["score"]) differ.push_back(name);
  }
  EXPECT_EQ(differ, oracle_["differ"]);
}

}  // namespace
}  // namespace emf
