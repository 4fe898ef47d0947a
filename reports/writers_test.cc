// SPDX-License-Identifier: Apache-2.0
// Each format's escaping, and every kind of block in all of them.
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "reports/export.h"
#include "reports/writers/csv.h"
#include "reports/writers/html.h"
#include "reports/writers/latex.h"
#include "reports/writers/markdown.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// One of each kind, with every cell's form in the table.
std::vector<Block> one_of_each() {
  Table table{"Scores & intervals", {{"Name", false, true}, {"Score", true}, {"Weights"}}, true};
  table.add({{"a_b, \"c\""},
             {.text = "0.72", .number = 0.71875, .ci95 = {{0.5, 0.75}}, .ci95_text = "0.50\u20130.75", .best = true},
             {.text = "0123", .whole = "0123456789"}},
            RowMark::kGroup);
  table.add(
      {{"plain"}, {.text = "380.0", .number = 380, .warnings = {"small_n"}}, {.text = "", .why = "not <measured>"}},
      RowMark::kReference);
  Table values{"", {{"x", true}}};
  values.add({{"1", 1.0}});
  PictureFigure figure{"a <cat>", "One object", {"1", "4"}, {}};
  figure.rows.push_back({"Hash", "Leap", {PictureTile{"data:image/png;base64,AA==", "A \"cat\"", 1.0}, std::nullopt}});
  figure.rows.push_back({"Real", "", {PictureTile{"data:image/png;base64,BB==", "A cat", 0.25}}});
  return {Paragraph{"95 % of a|b", Tone::kNote},
          Heading{"Part #1"},
          BulletList{{{"Claim", "shown", "\u2713 shown", "pass"}}},
          BulletList{{{"stage", "a < b"}, {"", "alone"}}},
          FactList{{{"Command", "run `x`", "twice"}, {"Host", "", "bench"}, {"Empty", "", ""}}},
          Preformatted{"a  {\n```"},
          table,
          PlotGroup{{{"Panel", "words", {{"mark", "</script>"}}}}, {{"Leap", {"#aa3377", {2, 1}, "square"}}}, values},
          Pictures{{figure}},
          BlockGroup{BlockGroup::Layout::kFolded, "More", {Paragraph{"inside"}}},
          BlockGroup{BlockGroup::Layout::kBeside, "", {values, values}}};
}

TEST(Html, TextIsEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(script_json({{"a", "</script><!--"}}).find('<'), std::string::npos);
}

TEST(Csv, FieldsAreQuotedByRfc4180) {
  EXPECT_EQ(escape_csv("plain text's"), "plain text's");
  EXPECT_EQ(escape_csv("check:hash,hash"), "\"check:hash,hash\"");
  EXPECT_EQ(escape_csv("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(escape_csv("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(escape_csv("a\rb\x1b"), "a\\x0Db\\x1B");
  EXPECT_EQ(escape_csv(""), "");
}

TEST(Latex, AllTenSpecialsAreEscaped) {
  EXPECT_EQ(escape_latex("\\{}"), "\\textbackslash{}\\{\\}");
  EXPECT_EQ(escape_latex("$&#^_~%"), "\\$\\&\\#\\textasciicircum{}\\_\\textasciitilde{}\\%");
  EXPECT_EQ(escape_latex("\\_"), "\\textbackslash{}\\_") << "nothing is escaped twice";
  EXPECT_EQ(escape_latex("a<b>|c"), "a\\textless{}b\\textgreater{}\\textbar{}c");
  EXPECT_EQ(escape_latex("0.1\u20130.2, \u22120.3"), "0.1--0.2, $-$0.3");
  EXPECT_EQ(escape_latex("--corrected\nx"), "-{}-{}corrected x");
  EXPECT_EQ(escape_latex("Fr\u00e9chet"), "Fr\u00e9chet");
}

TEST(Latex, ARowMayBeginWithWhatItsEndLooksFor) {
  Table table{"", {{"[a"}}};
  table.add({{"[b"}});
  table.add({{"*"}});
  EXPECT_EQ(
      latex_of(table),
      "\\begin{tabular}{l}\n\\toprule\n{}[a \\\\\n\\midrule\n{}[b \\\\\n{}* \\\\\n\\bottomrule\n\\end{tabular}\n");
}

TEST(Markdown, MarksAndPipesAreEscaped) {
  EXPECT_EQ(escape_markdown("a|b"), "a\\|b");
  EXPECT_EQ(escape_markdown("*x* `y` [z] <b> \\"), "\\*x\\* \\`y\\` \\[z\\] \\<b\\> \\\\");
  EXPECT_EQ(escape_markdown("flow_matching _x_"), "flow_matching \\_x\\_");
  EXPECT_EQ(escape_markdown("# no heading"), "\\# no heading");
  EXPECT_EQ(escape_markdown("- no list + no - more"), "\\- no list + no - more");
  EXPECT_EQ(escape_markdown("12. no list, 1.5"), "12\\. no list, 1.5");
  EXPECT_EQ(escape_markdown("a & b &lt;"), "a & b \\&lt;");
  EXPECT_EQ(escape_markdown("two\r\nlines"), "two lines");
}

TEST(Blocks, ATableRefusesARowOfAnotherLength) { EXPECT_THROW((Table{"", {{"one"}}}.add({})), InternalError); }

TEST(Blocks, AsHtml) {
  const std::string html = html_of(one_of_each());
  EXPECT_TRUE(holds(html, "<p class=\"note\">95 % of a|b</p>\n<h3>Part #1</h3>"));
  EXPECT_TRUE(
      holds(html, "<span class=\"verdict pass\">\u2713 shown</span><strong>Claim</strong><p class=\"note\">shown"));
  EXPECT_TRUE(holds(html, "<li><strong>stage</strong>: a &lt; b</li>\n<li>alone</li>"));
  EXPECT_TRUE(holds(html, "<dt>Command</dt><dd><code>run `x`</code> twice</dd>"));
  EXPECT_FALSE(holds(html, "Empty"));
  EXPECT_TRUE(holds(html, "<caption>Scores &amp; intervals</caption>"));
  EXPECT_TRUE(holds(html,
                    "<tr class=\"group\"><th scope=\"row\">a_b, &quot;c&quot;</th><td class=\"number best\" "
                    "data-sort=\"0.71875\"><span class=\"value\">0.72</span><span class=\"interval\">"));
  EXPECT_TRUE(holds(html, "<code title=\"0123456789\">0123</code>"));
  EXPECT_TRUE(holds(html, "380.0<span class=\"warning\">small_n</span>"));
  EXPECT_TRUE(holds(html, "<span class=\"absent\" title=\"not &lt;measured&gt;\">"));
  EXPECT_TRUE(holds(html, "{\"mark\":\"\\u003c/script>\"}"));
  EXPECT_TRUE(holds(html, "alt=\"A &quot;cat&quot;, judged right\""));
  EXPECT_TRUE(holds(html, "alt=\"A cat, judged right in 25 %\""));
  EXPECT_TRUE(holds(html, "<details><summary>More</summary>\n<p>inside</p>\n</details>"));
}

TEST(Blocks, AsCsv) {
  const std::string csv = csv_of({{"sample", "Sample", one_of_each()}});
  EXPECT_TRUE(holds(csv,
                    "Sample: Scores & intervals\nName,Score,Score low,Score high,Score note,Weights\n"
                    "\"a_b, \"\"c\"\"\",0.71875,0.5,0.75,,0123456789\nplain,380,,,small_n,\n"));
  EXPECT_TRUE(holds(csv, "Verdict,Claim,Detail\n\u2713 shown,Claim,shown\n"));
  EXPECT_TRUE(holds(csv, "Prompt,Kind,Painted by,Way,1,4\na <cat>,One object,Hash,Leap,1,\n"));
  EXPECT_FALSE(holds(csv, "95 % of")) << "prose is no table";
  Table alone{"Caption", {{"x"}}};
  alone.add({{"1"}});
  EXPECT_EQ(csv_of({{"sample", "Sample", {Paragraph{"words"}, alone}}}), "x\n1\n");
}

TEST(Blocks, AsMarkdown) {
  const std::string text = markdown_of({{"sample", "Sam|ple", one_of_each()}});
  EXPECT_EQ(text.rfind("## Sam\\|ple\n\n95 % of a\\|b\n\n### Part #1\n\n", 0), 0u) << text;
  EXPECT_TRUE(holds(text, "- \u2713 shown: **Claim** shown\n"));
  EXPECT_TRUE(holds(text, "- Command: `` run `x` `` twice\n- Host: bench\n\n"));
  EXPECT_TRUE(holds(text, "````\na  {\n```\n````\n"));
  EXPECT_TRUE(holds(text,
                    "| Name | Score | Weights |\n| --- | ---: | --- |\n| a_b, \"c\" | **0.72** (0.50\u20130.75) | "
                    "0123456789 |\n| plain | 380.0 *small_n* | \u2013 |\n"));
  EXPECT_TRUE(holds(text, "Values of the plots of the page: Panel.\n\n| x |\n| ---: |\n| 1 |\n"));
  EXPECT_TRUE(holds(text, "| a \\<cat\\> | One object | Hash | Leap | right | \u2013 |"));
  EXPECT_TRUE(holds(text, "**More**\n\ninside\n"));
}

TEST(Blocks, AsLatex) {
  const std::string text = latex_of({{"sample", "100 %", one_of_each()}});
  EXPECT_TRUE(holds(text, "\\section*{100 \\%}\n\n95 \\% of a\\textbar{}b\n\n\\subsection*{Part \\#1}"));
  EXPECT_TRUE(holds(text, "\\item {}$\\surd$ shown: \\emph{Claim} shown\n"));
  EXPECT_TRUE(holds(text, "\\item[{Command}] \\texttt{run `x`} twice\n"));
  EXPECT_TRUE(holds(text, "\\mbox{}a~~\\{\\\\\n\\mbox{}```\\\\\n"));
  EXPECT_TRUE(holds(text, "\\caption{Scores \\& intervals}\n\\begin{tabular}{lrl}\n\\toprule\nName & Score & Weights"));
  EXPECT_TRUE(holds(text, "a\\_b, \"c\" & \\textbf{0.72} {\\scriptsize (0.50--0.75)} & 0123456789 \\\\\n"));
  EXPECT_TRUE(holds(text, "plain & 380.0 {\\scriptsize small\\_n} & -- \\\\\n\\bottomrule\n"));
  EXPECT_TRUE(holds(text, "\\paragraph{More}"));
}

TEST(Export, RowsKeepColumnsAndDigits) {
  Json row = {
      {"encoder", "check:hash,hash"}, {"objective", "flow_matching"}, {"steps", 1}, {"seed", 0}, {"metric", "geneval"},
      {"value", 0.16051153612629018}, {"ci95", {0.125, 0.25}},        {"n", 200}};
  Json without = row;
  without["value"] = without["ci95"] = nullptr;
  without["why"] = "not run, an input failed";
  Json checkpoint = row;
  checkpoint.update({{"checkpoint", 4096}, {"official", true}, {"warnings", {"small_n", "few_tasks"}}});
  const Json rows = {row, without, checkpoint};
  EXPECT_EQ(export_rows(rows, ExportFormat::kCsv),
            "encoder,objective,steps,seed,metric,value,ci95_low,ci95_high,n,checkpoint,official,warnings,why\n"
            "\"check:hash,hash\",flow_matching,1,0,geneval,0.16051153612629018,0.125,0.25,200,,false,,\n"
            "\"check:hash,hash\",flow_matching,1,0,geneval,,,,200,,false,,\"not run, an input failed\"\n"
            "\"check:hash,hash\",flow_matching,1,0,geneval,0.16051153612629018,0.125,0.25,200,4096,true,"
            "small_n; few_tasks,\n");
  EXPECT_TRUE(
      holds(export_rows(rows, ExportFormat::kMarkdown), "| check:hash,hash | flow_matching | 1 | 0 | geneval |"));
}

TEST(Export, SectionsAreTheReportInAnotherForm) {
  const SectionInput input{sample_result(), sample_provenance(), {}};
  const std::string scores = export_sections(input, {"scores"}, ExportFormat::kMarkdown);
  EXPECT_EQ(scores.rfind("## GenEval by encoder, objective and steps\n", 0), 0u);
  EXPECT_FALSE(holds(scores, "## Budgets"));
  EXPECT_TRUE(holds(export_sections(input, {"all"}, ExportFormat::kMarkdown), "## Budgets"));
  // The order is the report's, not that of the command line.
  const std::string two = export_sections(input, {"budgets", "scores"}, ExportFormat::kLatex);
  EXPECT_LT(two.find("\\section*{GenEval"), two.find("\\section*{Budgets}"));
  EXPECT_TRUE(holds(export_sections(input, {"budgets"}, ExportFormat::kCsv), "Class labels,Flow matching,0,24576,0,"));
  EXPECT_THROW(export_sections(input, {"scoers"}, ExportFormat::kCsv), UserError);
  EXPECT_THROW(export_sections(input, {"judge"}, ExportFormat::kCsv), UserError) << "this record has no calibration";
  EXPECT_THROW(export_format("html"), UserError);
}

}  // namespace
}  // namespace emf
