// SPDX-License-Identifier: Apache-2.0
// The page of a score: everything of its document stands on it, in an order that a reader wants, as text.
#include "reports/score_page.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

TEST(ScorePage, HoldsNumbersTablesAndWarnings) {
  const std::string page = score_page(
      "geneval: a.jsonl", "emfbench score",
      {{"overall", 0.70818},
       {"ci95", {0.692, 0.726}},
       {"n", 2212},
       {"seconds", 1.5},
       {"identity", {{"rule", "geneval"}}},
       {"summary", "Summary\n=====\n<two>"},
       {"tasks",
        {{"counting", {{"score", 0.5}, {"ci95", {0.25, 0.75}}}}, {"colors", {{"score", 0.75}, {"ci95", nullptr}}}}},
       {"numbers", {{{"name", "<b>"}, {"value", 1.0}}}},
       {"warnings", {"100_prompts_not_judged & more"}}});
  for (const char* part :
       {"0.70818", "0.692 to 0.726", "2212", "<th scope=\"row\">Counting</th>", "0.25 to 0.75", "&lt;b&gt;",
        "&lt;two&gt;", "100_prompts_not_judged &amp; more", "Content-Security-Policy"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page.substr(page.find("<body>"));
  }
  EXPECT_EQ(page.find("<two>"), std::string::npos);
  EXPECT_EQ(page.find("http"), page.find("http-equiv")) << "nothing outside is named";
  EXPECT_LT(page.find("100_prompts"), page.find("0.70818"));
  EXPECT_LT(page.find("0.70818"), page.find(">Numbers<"));
  EXPECT_LT(page.find(">Tasks<"), page.find(">Identity<"));
}

TEST(ScorePage, LongListsAreCutAndSaid) {
  Json images = Json::array();
  for (int i = 0; i < 1000; ++i) images.push_back({{"item", i}, {"score", i}});
  const std::string page = score_page("x", "y", {{"images", images}});
  EXPECT_NE(page.find("The first 200 of 1000; --json and --items have all."), std::string::npos);
  EXPECT_EQ(page.find(">200<"), std::string::npos);
}

}  // namespace
}  // namespace emf
