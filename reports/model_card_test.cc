// SPDX-License-Identifier: Apache-2.0
// The card that a trained row travels with.
#include "reports/model_card.h"

#include <gtest/gtest.h>

#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

Json config() {
  return {{"row", "sample/llm/mean_flow/0"},
          {"picture", {{"height", 32}, {"width", 32}}},
          {"sampling", {{"steps", {1, 4}}, {"guidance", 2.0}}}};
}

TEST(ModelCard, HoldsBudgetScoresAndCredits) {
  SectionInput input{sample_result(), sample_provenance(), {}};
  input.result["config"]["data"] = {{"name", "scenes"}};
  Json budget;
  for (const Json& row : input.result["budgets"])
    if (row["encoder"] == "llm" && row["objective"] == "mean_flow") budget = row;
  ASSERT_FALSE(budget.is_null());
  const std::string card = model_card(input, budget, config());
  EXPECT_EQ(card.rfind("---\nlicense: other\n", 0), 0u) << card;
  for (const char* part : {"\ndatasets:\n- \"scenes\"\n", "\n- \"mean_flow\"\n", "# sample/llm/mean_flow/0\n",
                           "- type: \"geneval\"\n        name: \"GenEval, 1 step\"\n        value: 0.4", "24,576",
                           "| GenEval | 1 | 0.4", "## Licence and attribution", "sample --model ."}) {
    EXPECT_NE(card.find(part), std::string::npos) << part << "\n" << card;
  }
  EXPECT_EQ(card.find("Class labels"), std::string::npos) << "another row's";
}

TEST(ModelCard, NamesCannotLeaveTheirPlaces) {
  SectionInput input{sample_result(), sample_provenance(), {}};
  const std::string hostile = "a\"\nlicense: mit\n---\n<script>\x1b[1m";
  input.result["suite"] = hostile;
  Json budget = input.result["budgets"][0], row = config();
  row["row"] = hostile;
  const std::string card = model_card(input, budget, row);
  EXPECT_EQ(card.find("\nlicense: mit"), std::string::npos) << card;
  EXPECT_EQ(card.find("<script>"), card.find("\"a\\\"\\\\x0Alicense: mit\\\\x0A---\\\\x0A<script>") + 34)
      << "in the head it stands inside quotes alone: " << card;
  EXPECT_EQ(card.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace emf
