// SPDX-License-Identifier: Apache-2.0
// docs/first_results.md, word for word: from a run to a table, a comparison and a page to take along.
#include <gtest/gtest.h>

#include "harness/base/csv.h"
#include "tests/end_to_end/followed_page.h"

namespace emf {
namespace {

TEST(FirstResultsPage, EveryCommandDoesWhatItSays) {
  const FollowedPage page("first_results.md");
  ASSERT_EQ(page.status, 0) << page.talk << page.out;
  EXPECT_EQ(page.records(), 2) << "smoke, and smoke with another learning rate";
  EXPECT_NE(page.out.find("exit code 4"), std::string::npos) << "the claim of smoke is undecided";
  EXPECT_NE(page.out.find("smoke[train.learning_rate=1e-3]"), std::string::npos);
  EXPECT_NE(read_file(page / "compare.html").find("train.learning_rate"), std::string::npos) << "what differs";
  EXPECT_GT(parse_csv(read_file(page / "numbers.csv"), "numbers.csv").rows.size(), 10u);
  EXPECT_TRUE(std::filesystem::exists(page / "smoke_page/index.html"));
  EXPECT_TRUE(std::filesystem::exists(page / "smoke_page/result.json"));

  // With a LaTeX at hand the table is set; its syntax is held beside the writer.
  const std::string table = read_file(page / "table.tex");
  EXPECT_NE(table.find("\\toprule"), std::string::npos);
  if (std::system("command -v pdflatex >/dev/null && kpsewhich booktabs.sty >/dev/null") != 0) return;
  write_atomically(page / "paper.tex",
                   "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs}\n"
                   "\\begin{document}\n\\input{table}\n\\end{document}\n");
  const std::string set = "cd '" + (page / "").string() + "' && pdflatex -halt-on-error paper >latex.out </dev/null";
  EXPECT_EQ(std::system(set.c_str()), 0) << read_file(page / "latex.out");
}

}  // namespace
}  // namespace emf
