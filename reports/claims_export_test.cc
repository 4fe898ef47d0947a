// SPDX-License-Identifier: Apache-2.0
#include "reports/claims_export.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

SectionInput record() {
  SectionInput input{sample_result(), sample_provenance(), {}};
  input.result["claims"] = {{{"name", "A | beats B"},
                             {"metric", "geneval"},
                             {"verdict", "pass"},
                             {"detail", ".60 against .40"},
                             {"difference", 0.2},
                             {"ci95", {0.1, 0.3}},
                             {"reported", ".74 against .52 (Table 3)"}},
                            {{"name", "C"}, {"metric", "kid_lite0"}, {"verdict", "undecided"}, {"detail", "not run"}}};
  input.provenance["argv"] = {"run", "quick", "encoders=a b", "it's"};
  input.provenance["commit"] = "abc";
  input.provenance["dirty"] = true;
  return input;
}

TEST(ClaimsExport, GivesEachClaimWithCommandAndCommit) {
  const Json document = claims_document(record());
  ASSERT_EQ(document["claims"].size(), 2u);
  const Json& first = document["claims"][0];
  EXPECT_EQ(first["claim"], "A | beats B");
  EXPECT_EQ(first["measured"], ".60 against .40");
  EXPECT_EQ(first["reported"], ".74 against .52 (Table 3)");
  EXPECT_EQ(first["commit"], "abc");
  // A shell reads back the words that were given.
  EXPECT_EQ(first["command"], R"(./emfbench run quick 'encoders=a b' 'it'\''s')");
  EXPECT_TRUE(document["claims"][1]["reported"].is_null());
  EXPECT_FALSE(document["claims"][1].contains("ci95"));
}

TEST(ClaimsExport, MarkdownKeepsItsColumns) {
  const std::string text = claims_markdown(claims_document(record()));
  EXPECT_NE(text.find("abc, with changes that were not committed"), std::string::npos) << text;
  EXPECT_NE(text.find("A \\| beats B"), std::string::npos) << text;
  EXPECT_NE(text.find("0.2, 0.1 to 0.3"), std::string::npos) << text;
}

TEST(ClaimsExport, RecordsWithoutProvenanceOrClaims) {
  SectionInput input = record();
  input.provenance = Json::object();
  const Json document = claims_document(input);
  EXPECT_TRUE(document["claims"][0]["command"].is_null());
  EXPECT_NE(claims_markdown(document).find("Command: `not known`"), std::string::npos);
  input.result["claims"] = Json::array();
  EXPECT_THROW(claims_document(input), UserError);
}

}  // namespace
}  // namespace emf
