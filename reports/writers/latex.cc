// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/latex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "harness/base/terminal.h"
#include "reports/writers/plain_tables.h"

namespace emf {
namespace {

using Replacement = std::pair<std::string_view, std::string_view>;

// Two hyphens or a lone < or | would be set as another sign; the last lines are UTF-8 that default fonts do not hold.
constexpr auto kReplacements = std::to_array<Replacement>({{"\\", "\\textbackslash{}"},
                                                           {"{", "\\{"},
                                                           {"}", "\\}"},
                                                           {"$", "\\$"},
                                                           {"&", "\\&"},
                                                           {"#", "\\#"},
                                                           {"^", "\\textasciicircum{}"},
                                                           {"_", "\\_"},
                                                           {"~", "\\textasciitilde{}"},
                                                           {"%", "\\%"},
                                                           {"<", "\\textless{}"},
                                                           {">", "\\textgreater{}"},
                                                           {"|", "\\textbar{}"},
                                                           {"--", "-{}-{}"},
                                                           {"\n", " "},
                                                           {"\u2013", "--"},
                                                           {"\u2014", "---"},
                                                           {"\u2212", "$-$"},
                                                           {"\u00d7", "$\\times$"},
                                                           {"\u00b7", "\\textperiodcentered{}"},
                                                           {"\u2713", "$\\surd$"},
                                                           {"\u2717", "$\\times$"}});

std::string cell_text(const TableCell& cell) {
  if (!cell.why.empty()) return "--";
  std::string text = escape_latex(cell.whole.empty() ? cell.text : cell.whole);
  if (cell.best) text = "\\textbf{" + text + "}";
  if (cell.ci95) text += " {\\scriptsize (" + escape_latex(cell.ci95_text) + ")}";
  for (const std::string& warning : cell.warnings) text += " {\\scriptsize " + escape_latex(warning) + "}";
  return text;
}

/// A row's end looks on for a star or a bracket, past the line's end: empty braces stop it.
std::string guarded(const std::string& text) {
  return !text.empty() && (text.front() == '[' || text.front() == '*') ? "{}" + text : text;
}

std::string environment(const std::string& name, const std::string& body) {
  return "\\begin{" + name + "}\n" + body + "\\end{" + name + "}\n\n";
}

struct LatexWriter {
  std::string operator()(const Paragraph& paragraph) const { return escape_latex(paragraph.text) + "\n\n"; }
  std::string operator()(const Heading& heading) const {
    return "\\subsection*{" + escape_latex(heading.text) + "}\n\n";
  }

  std::string operator()(const BulletList& list) const {
    std::string body;
    for (const ListItem& item : list.items) {
      body += "  \\item {}";
      if (!item.badge.empty()) body += escape_latex(item.badge) + ": ";
      if (!item.lead.empty()) body += "\\emph{" + escape_latex(item.lead) + "}" + (item.badge.empty() ? ": " : " ");
      body += escape_latex(item.text) + "\n";
    }
    return list.items.empty() ? "" : environment("itemize", body);
  }

  std::string operator()(const FactList& list) const {
    std::string body;
    for (const Fact& fact : list.facts) {
      if (fact.code.empty() && fact.text.empty()) continue;
      body += "  \\item[{" + escape_latex(fact.name) + "}] ";
      if (!fact.code.empty()) body += "\\texttt{" + escape_latex(fact.code) + "} ";
      body += escape_latex(fact.text) + "\n";
    }
    return body.empty() ? "" : environment("description", body);
  }

  std::string operator()(const Preformatted& block) const {
    // Not verbatim: a text can end that, and an argument cannot hold it.
    std::string body = "\\ttfamily\\footnotesize\n";
    std::istringstream lines(block.text);
    for (std::string line; std::getline(lines, line);) {
      std::string set;
      for (size_t start = 0; start <= line.size();) {
        const size_t space = std::min(line.find(' ', start), line.size());
        set += escape_latex(line.substr(start, space - start)) + (space < line.size() ? "~" : "");
        start = space + 1;
      }
      body += "\\mbox{}" + set + "\\\\\n";
    }
    return environment("flushleft", body);
  }

  std::string operator()(const Table& table) const {
    const std::string caption = table.caption.empty() ? "" : "\\caption{" + escape_latex(table.caption) + "}\n";
    return "\\begin{table}[ht]\n\\centering\n" + caption + latex_of(table) + "\\end{table}\n\n";
  }

  std::string operator()(const PlotGroup& group) const {
    Table values = group.values;
    if (values.caption.empty()) {
      std::string titles;
      for (const Plot& plot : group.panels) titles += (titles.empty() ? "" : "; ") + plot.title;
      values.caption = "Values of the plots of the page: " + titles;
    }
    return (*this)(values);
  }

  std::string operator()(const Pictures& pictures) const {
    const Table table = table_of(pictures);
    if (!table.empty()) return (*this)(table);
    return (*this)(Paragraph{fmt::format("The page shows pictures of {} prompts.", pictures.figures.size())});
  }

  std::string operator()(const BlockGroup& group) const {
    std::string text = group.summary.empty() ? "" : "\\paragraph{" + escape_latex(group.summary) + "}\n\n";
    for (const Block& block : group.blocks) text += std::visit(*this, block);
    return text;
  }
};

}  // namespace

std::string escape_latex(std::string_view raw) {
  const std::string plain = shown(raw, ShownAs::kLines);
  std::string_view text = plain;
  std::string escaped;
  while (!text.empty()) {
    const Replacement* found = nullptr;
    for (const Replacement& replacement : kReplacements) {
      if (found == nullptr && text.substr(0, replacement.first.size()) == replacement.first) found = &replacement;
    }
    escaped += found != nullptr ? found->second : text.substr(0, 1);
    text.remove_prefix(found != nullptr ? found->first.size() : 1);
  }
  return escaped;
}

std::string latex_of(const Table& table) {
  std::string columns, text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : " & ") + cells[i];
    text += guarded(line) + " \\\\\n";
  };
  std::vector<std::string> head;
  for (const TableColumn& column : table.columns) {
    columns += column.number ? 'r' : 'l';
    head.push_back(escape_latex(column.title));
  }
  add_line(head);
  text += "\\midrule\n";
  for (const TableRow& row : table.rows) {
    std::vector<std::string> cells;
    for (const TableCell& cell : row.cells) cells.push_back(cell_text(cell));
    add_line(cells);
  }
  return "\\begin{tabular}{" + columns + "}\n\\toprule\n" + text + "\\bottomrule\n\\end{tabular}\n";
}

std::string latex_of(const std::vector<Chapter>& chapters) {
  std::string text = "% Its tables want \\usepackage{booktabs}.\n";
  for (const Chapter& chapter : chapters) {
    text += "\\section*{" + escape_latex(chapter.title) + "}\n\n";
    for (const Block& block : chapter.blocks) text += std::visit(LatexWriter(), block);
  }
  return text;
}

}  // namespace emf
