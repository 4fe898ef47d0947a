// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "harness/api/metric.h"

namespace emf {
namespace {

Json row(const std::string& item, const std::vector<const char*>& answers, bool with_questions = true) {
  Json questions = Json::array(), said = Json::object();
  for (size_t i = 0; i < answers.size(); ++i) {
    questions.push_back({{"id", i + 1}, {"dependency", i == 0 ? "0" : "1"}});
    said[std::to_string(i + 1)] = answers[i];
  }
  Json result = {{"item_id", item}, {"answers", said}};
  if (with_questions) result["questions"] = questions;
  return result;
}

std::map<std::string, MetricValue> values_of(const std::vector<Json>& rows) {
  MetricInput input;
  input.judged = &rows;
  std::map<std::string, MetricValue> values;
  for (const MetricValue& value : MetricRegistry::instance().make("tifa")->score(input)) values[value.name] = value;
  return values;
}

TEST(Tifa, MeansOverPicturesAndByTheNumberOfFacts) {
  const auto values = values_of({row("a", {"yes", "yes", "yes"}), row("b", {"no", "yes", "yes"}),
                                 row("c", {"yes", "no", "no", "yes"}), row("c", {"yes", "yes", "yes", "yes"}, false)});
  EXPECT_DOUBLE_EQ(*values.at("tifa").value, (1 + 2.0 / 3 + 0.5 + 1) / 4);
  EXPECT_DOUBLE_EQ(*values.at("tifa/all").value, 0.5);
  EXPECT_DOUBLE_EQ(*values.at("tifa/facts_03").value, (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(*values.at("tifa/all_facts_03").value, 0.5);
  EXPECT_DOUBLE_EQ(*values.at("tifa/facts_04").value, 0.75);
  EXPECT_EQ(values.at("tifa/facts_04").n, 2);
  // What depends on a fact that is denied still counts by itself.
  EXPECT_EQ(values.size(), 6u);
}

TEST(Tifa, OnlyYesCountsAndAnUnansweredQuestionDoesNot) {
  const auto values = values_of({row("a", {"Yes", "yes"}), row("b", {"yes"}), row("b", {}, false)});
  EXPECT_DOUBLE_EQ(*values.at("tifa/facts_02").value, 0.5);
  EXPECT_DOUBLE_EQ(*values.at("tifa/facts_01").value, 0.5);
}

TEST(Tifa, RefusesItemsWithoutQuestions) {
  EXPECT_THROW(values_of({row("a", {}), row("b", {"yes"})}), UserError);
  EXPECT_THROW(values_of({}), UserError);
}

}  // namespace
}  // namespace emf
