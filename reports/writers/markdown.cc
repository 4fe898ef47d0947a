// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "harness/base/terminal.h"
#include "reports/writers/plain_tables.h"

namespace emf {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 128; }

/// A line end of two bytes is one.
std::string without_returns(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

/// The longest run of backticks in a text: what encloses it must be longer.
std::string fence_for(std::string_view text, size_t least) {
  size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(least, longest + 1), '`');
}

/// Code on one line, outside of tables. The spaces are CommonMark's own remedy for a backtick at either end.
std::string code_span(const std::string& raw) {
  const std::string text = shown(raw);
  const std::string fence = fence_for(text, 1);
  const bool pad = !text.empty() && (text.front() == '`' || text.back() == '`');
  return fence + (pad ? " " : "") + text + (pad ? " " : "") + fence;
}

std::string cell_text(const TableCell& cell) {
  if (!cell.why.empty()) return "\u2013";
  std::string text = escape_markdown(cell.whole.empty() ? cell.text : cell.whole);
  if (cell.best) text = "**" + text + "**";
  if (cell.ci95) text += " (" + escape_markdown(cell.ci95_text) + ")";
  for (const std::string& warning : cell.warnings) text += " *" + escape_markdown(warning) + "*";
  return text;
}

struct MarkdownWriter {
  std::string operator()(const Paragraph& paragraph) const { return escape_markdown(paragraph.text) + "\n\n"; }
  std::string operator()(const Heading& heading) const { return "### " + escape_markdown(heading.text) + "\n\n"; }

  std::string operator()(const BulletList& list) const {
    std::string text;
    for (const ListItem& item : list.items) {
      std::string line;
      if (!item.badge.empty()) line += escape_markdown(item.badge) + ": ";
      if (!item.lead.empty()) line += "**" + escape_markdown(item.lead) + "**" + (item.badge.empty() ? ": " : " ");
      text += "- " + line + escape_markdown(item.text) + "\n";
    }
    return text + "\n";
  }

  std::string operator()(const FactList& list) const {
    std::string text;
    for (const Fact& fact : list.facts) {
      if (fact.code.empty() && fact.text.empty()) continue;
      text += "- " + escape_markdown(fact.name) + ": ";
      if (!fact.code.empty()) text += code_span(fact.code) + (fact.text.empty() ? "" : " ");
      text += escape_markdown(fact.text) + "\n";
    }
    return text + "\n";
  }

  std::string operator()(const Preformatted& block) const {
    const std::string text = shown(block.text, ShownAs::kLines), fence = fence_for(text, 3);
    const bool ended = !text.empty() && text.back() == '\n';
    return fence + "\n" + text + (ended ? "" : "\n") + fence + "\n\n";
  }

  std::string operator()(const Table& table) const {
    return (table.caption.empty() ? "" : "*" + escape_markdown(table.caption) + "*\n\n") + markdown_of(table) + "\n";
  }

  std::string operator()(const PlotGroup& group) const {
    std::string titles;
    for (const Plot& plot : group.panels) titles += (titles.empty() ? "" : "; ") + plot.title;
    return (*this)(Paragraph{"Values of the plots of the page: " + titles + "."}) + (*this)(group.values);
  }

  std::string operator()(const Pictures& pictures) const {
    const Table table = table_of(pictures);
    if (!table.empty()) return (*this)(table);
    return (*this)(Paragraph{fmt::format("The page shows pictures of {} prompts.", pictures.figures.size())});
  }

  std::string operator()(const BlockGroup& group) const {
    std::string text = group.summary.empty() ? "" : "**" + escape_markdown(group.summary) + "**\n\n";
    for (const Block& block : group.blocks) text += std::visit(*this, block);
    return text;
  }
};

}  // namespace

std::string escape_markdown(std::string_view raw) {
  const std::string text = shown(without_returns(raw), ShownAs::kLines);
  static constexpr std::string_view kAnywhere = "\\`*{}[]<>|~$";
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (c == '\n' || c == '\t') {
      if (escaped.empty() || escaped.back() != ' ') escaped += ' ';
      continue;
    }
    bool special = kAnywhere.find(c) != std::string_view::npos;
    if (c == '_') special = i == 0 || !is_word(text[i - 1]) || !is_word(next);
    if (c == '&') special = next == '#' || is_word(next);
    // Headings, lists and rules begin a line with these, numbered lists with a number and one of the last two.
    if (i == 0) special = special || c == '#' || c == '+' || c == '-' || c == '=';
    if ((c == '.' || c == ')') && i > 0 && next == ' ')
      special = text.substr(0, i).find_first_not_of("0123456789") == std::string_view::npos;
    if (special) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string markdown_of(const Table& table) {
  std::string text = "|", rule = "|";
  for (const TableColumn& column : table.columns) {
    text += " " + escape_markdown(column.title) + " |";
    rule += column.number ? " ---: |" : " --- |";
  }
  text += "\n" + rule + "\n";
  for (const TableRow& row : table.rows) {
    text += "|";
    for (const TableCell& cell : row.cells) text += " " + cell_text(cell) + " |";
    text += "\n";
  }
  return text;
}

std::string markdown_of(const std::vector<Chapter>& chapters) {
  std::string text;
  for (const Chapter& chapter : chapters) {
    text += "## " + escape_markdown(chapter.title) + "\n\n";
    for (const Block& block : chapter.blocks) text += std::visit(MarkdownWriter(), block);
  }
  while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
  return text;
}

}  // namespace emf
