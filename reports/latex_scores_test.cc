// SPDX-License-Identifier: Apache-2.0
// The table that a paper takes in: its layout, digits, marks and words, and that LaTeX takes it.
#include "reports/latex_scores.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "tests/golden/report/latex_syntax.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

SectionInput sample() { return {sample_result(), sample_provenance(), {}}; }

/// The same rows once more under another seed, `by` higher.
SectionInput with_second_seed(double by) {
  SectionInput input = sample();
  const Json rows = input.result["rows"];
  for (Json row : rows) {
    if (row["encoder"] == "real") continue;
    row["seed"] = 1;
    if (row["value"].is_number() && row["metric"] == "geneval") row["value"] = row["value"].get<double>() + by;
    input.result["rows"].push_back(row);
  }
  return input;
}

TEST(LatexScores, EncodersByStepsInBlocksOfObjectives) {
  const std::string text = latex_scores(sample());
  EXPECT_EQ(LatexSyntax::fault_of(text), "") << text;
  EXPECT_TRUE(
      holds(text, "\\begin{tabular}{lrrr}\n\\toprule\nEncoder & 1 step & 4 steps & 25 steps \\\\\n\\midrule\n"));
  EXPECT_TRUE(holds(text, "\\multicolumn{4}{l}{\\emph{MeanFlow}} \\\\\n")) << text;
  EXPECT_TRUE(holds(text, "Class labels & \\textbf{.52} {\\scriptsize (.46--.58)} & ")) << text;
  EXPECT_TRUE(holds(text, "\\label{tab:")) << text;
  EXPECT_TRUE(holds(text, "Hashed words & -- & -- & -- \\\\\n")) << "the row that failed: " << text;
  EXPECT_TRUE(holds(text, "--: no value (not run: an input failed)")) << text;
  EXPECT_TRUE(holds(text, "another interval overlaps with its")) << text;
}

TEST(LatexScores, TheCaptionCountsWhatWasJudged) {
  SectionInput input = sample();
  Json& prompts = input.result["prompts"];
  const auto rows_of = [&](size_t n) {
    for (Json& row : input.result["rows"]) row["n"] = n;
    return latex_scores(input);
  };
  const size_t all = prompts.size();
  std::set<std::string> texts;
  for (const Json& prompt : prompts) texts.insert(prompt.at("text").get<std::string>());
  EXPECT_TRUE(holds(rows_of(all), fmt::format("{} pictures of {} prompts a row", all, texts.size())));
  Json reworded = prompts.front();
  reworded["text"] = "said otherwise";
  reworded["reworded"] = true;
  prompts.push_back(reworded);
  EXPECT_TRUE(holds(rows_of(all), fmt::format("{} pictures of {} prompts a row", all, texts.size())));
  EXPECT_TRUE(holds(rows_of(all - 1), fmt::format("{} pictures a row", all - 1))) << "of which, nothing says";
}

TEST(LatexScores, FewColumnsStandSideBySide) {
  SectionInput input = sample();
  Json rows = Json::array();
  for (const Json& row : input.result["rows"])
    if (row["objective"] != "ddpm") rows.push_back(row);
  input.result["rows"] = rows;
  const std::string text = latex_scores(input);
  EXPECT_EQ(LatexSyntax::fault_of(text), "") << text;
  EXPECT_TRUE(holds(text, "\\cmidrule(lr){2-4}\\cmidrule(lr){5-7}\n")) << text;
  EXPECT_TRUE(holds(text, "\\begin{tabular}{lrrrrrr}")) << text;
}

TEST(LatexScores, SeveralSeedsHaveMeanAndDeviation) {
  const std::string text = latex_scores(with_second_seed(0.125));
  EXPECT_EQ(LatexSyntax::fault_of(text), "") << text;
  // .520 and .645: mean .582, deviation .088; the interval from the lowest to the highest end in a line of its own.
  EXPECT_TRUE(holds(text, "Class labels & \\textbf{.58} $\\pm$ .09 & ")) << text;
  EXPECT_TRUE(holds(text, " & {\\scriptsize (.46--.58)} & ")) << text;
  EXPECT_TRUE(holds(text, "Mean and standard deviation over seeds. ")) << text;
  EXPECT_TRUE(holds(text, "seeds 0, 1")) << text;
  EXPECT_FALSE(holds(text, "hold one seed"));
}

TEST(LatexScores, TiesAreBoldTogetherAndLowerMayBeBetter) {
  SectionInput input = sample();
  for (Json& row : input.result["rows"]) {
    if (row["metric"] != "geneval" || row["value"].is_null()) continue;
    row["value"] = row["encoder"] == "hash" ? 0.30 : row["encoder"] == "llm" ? 0.501 : 0.499;
    row["ci95"] = {0.2, 0.6};
  }
  const std::string text = latex_scores(input);
  EXPECT_TRUE(holds(text, "Class labels & \\textbf{.50}")) << text;
  EXPECT_TRUE(holds(text, "values that print alike share it")) << text;
  SectionInput distance{factless_result(), Json::object(), {}};
  const std::string low = latex_scores(distance);
  EXPECT_EQ(LatexSyntax::fault_of(low), "") << low;
  EXPECT_TRUE(holds(low, "Lower is better")) << low;
}

TEST(LatexScores, DigitsFollowTheIntervals) {
  SectionInput input = sample();
  for (Json& row : input.result["rows"]) {
    if (row["metric"] != "geneval" || row["value"].is_null() || row["encoder"] == "real") continue;
    const double value = row["value"];
    row["ci95"] = {value - 0.002, value + 0.002};
  }
  EXPECT_TRUE(holds(latex_scores(input), "Class labels & \\textbf{.520} {\\scriptsize (.518--.522)}"))
      << latex_scores(input);
  EXPECT_TRUE(holds(latex_scores(sample(), "network_evaluations"), "Class labels & 2 & 8 & "))
      << latex_scores(sample(), "network_evaluations");
}

TEST(LatexScores, AnUnknownMetricIsRefusedByName) {
  try {
    latex_scores(sample(), "genevl");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_TRUE(holds(error.what(), "did you mean 'geneval'?")) << error.what();
  }
}

TEST(LatexScores, TheCheckSeesFaults) {
  EXPECT_NE(LatexSyntax::fault_of("\\begin{tabular}{ll}\na \\\\\n\\end{tabular}"), "");
  EXPECT_NE(LatexSyntax::fault_of("a_b"), "");
  EXPECT_NE(LatexSyntax::fault_of("\\input{x}"), "");
  EXPECT_NE(LatexSyntax::fault_of("{a"), "");
}

TEST(LatexScores, LatexTakesIt) {
  if (std::system("command -v pdflatex >/dev/null 2>&1 && kpsewhich booktabs.sty >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no pdflatex with booktabs (Debian: texlive-latex-base, texlive-latex-recommended)";
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("emf_latex_" + std::to_string(::getpid()));
  SectionInput hostile = with_second_seed(0.01);
  hostile.result["suite"] = "a_b$%{}\\input{x}#&~^";
  hostile.result["names"]["encoder"]["llm"] = {{"title", "[*] & 100 % \\end{document}"}};
  write_atomically(folder / "one.tex", latex_scores(sample()));
  write_atomically(folder / "two.tex", latex_scores(hostile));
  write_atomically(folder / "paper.tex",
                   "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{one}\\input{two}\n"
                   "\\end{document}\n");
  const std::string run =
      "cd '" + folder.string() + "' && pdflatex -halt-on-error -interaction=nonstopmode paper.tex >out";
  EXPECT_EQ(std::system(run.c_str()), 0) << read_file(folder / "out");
  EXPECT_FALSE(holds(read_file(folder / "paper.log"), "Overfull \\hbox")) << read_file(folder / "paper.log");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace emf
