// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/terminal.h"

namespace emf {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : shown(text, ShownAs::kLines)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string script_json(const Json& value) {
  std::string safe;
  for (const char c : shown_json(canonical_json(value))) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

namespace {

std::string class_attribute(const std::string& css) { return css.empty() ? "" : " class=\"" + css + "\""; }

std::string cell_content(const TableCell& cell) {
  if (!cell.why.empty()) return "<span class=\"absent\" title=\"" + escape_html(cell.why) + "\">\u2013</span>";
  if (!cell.whole.empty())
    return "<code title=\"" + escape_html(cell.whole) + "\">" + escape_html(cell.text) + "</code>";
  std::string html = escape_html(cell.text);
  if (cell.ci95 || cell.best) html = "<span class=\"value\">" + html + "</span>";
  if (cell.ci95) html += "<span class=\"interval\">" + escape_html(cell.ci95_text) + "</span>";
  for (const std::string& warning : cell.warnings)
    html += "<span class=\"warning\">" + escape_html(warning) + "</span>";
  return html;
}

std::string table_row(const Table& table, const TableRow& row) {
  const char* mark = row.mark == RowMark::kGroup ? "group" : row.mark == RowMark::kReference ? "reference" : "";
  std::string html = "<tr" + class_attribute(mark) + ">";
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const TableCell& cell = row.cells[i];
    std::string css = table.columns[i].number ? "number" : "";
    if (cell.best) css += css.empty() ? "best" : " best";
    html += fmt::format("<{}{}{}>{}</{}>", i == 0 ? "th scope=\"row\"" : "td", class_attribute(css),
                        cell.number ? fmt::format(" data-sort=\"{}\"", *cell.number) : "", cell_content(cell),
                        i == 0 ? "th" : "td");
  }
  return html + "</tr>\n";
}

/// A short line with a series' dash and mark, as the panels draw it.
std::string legend_key(const SeriesStyle& style) {
  std::string dash;
  for (const int length : style.dash) dash += (dash.empty() ? "" : " ") + std::to_string(length);
  std::string mark = R"(<circle cx="14" cy="6" r="3.5"/>)";
  if (style.mark == "square") mark = R"(<rect x="10.5" y="2.5" width="7" height="7"/>)";
  if (style.mark == "triangle-up") mark = R"(<path d="M14 1.5 18.5 9.5H9.5Z"/>)";
  if (style.mark == "diamond") mark = R"(<path d="M14 1 19 6 14 11 9 6Z"/>)";
  if (style.mark == "cross") mark = R"(<path d="M12.5 2h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5Z"/>)";
  if (style.mark == "triangle-down") mark = R"(<path d="M14 10.5 9.5 2.5H18.5Z"/>)";
  if (style.mark == "triangle-right") mark = R"(<path d="M18.5 6 10.5 1.5V10.5Z"/>)";
  return fmt::format(
      R"(<svg width="28" height="12" aria-hidden="true" fill="{0}" stroke="{0}"><path d="M0 6H28" stroke-width="2" )"
      R"(stroke-dasharray="{1}"/>{2}</svg>)",
      escape_html(style.color), dash, mark);
}

std::string picture_cell(const std::optional<PictureTile>& tile) {
  if (!tile) return "<td></td>";
  const double right = tile->right.value_or(0);
  const bool partly = right > 0 && right < 1;
  const std::string share = fmt::format("{:.0f} %", 100 * right);
  std::string judged;
  if (tile->right) judged = partly ? ", judged right in " + share : right == 1 ? ", judged right" : ", judged wrong";
  return fmt::format("<td{}><img src=\"{}\" alt=\"{}{}\" width=\"48\" height=\"48\">{}</td>",
                     right == 1 ? " class=\"right\"" : "", escape_html(tile->uri), escape_html(tile->words), judged,
                     partly ? "<small>" + share + "</small>" : "");
}

std::string picture_figure(const PictureFigure& figure) {
  std::string html = "<figure class=\"prompt\"><figcaption>" + escape_html(figure.title) + "<span>" +
                     escape_html(figure.subtitle) + "</span></figcaption>\n<table><thead><tr><td></td>";
  for (const std::string& column : figure.columns) html += "<th scope=\"col\">" + escape_html(column) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const PictureRow& row : figure.rows) {
    html += fmt::format("<tr{}><th scope=\"row\"><b>{}</b>{}</th>", row.group ? " class=\"group\"" : "",
                        escape_html(row.lead), escape_html(row.text));
    for (const auto& tile : row.tiles) html += picture_cell(tile);
    html += "</tr>\n";
  }
  return html + "</tbody></table></figure>\n";
}

/// One overload a kind of block.
struct HtmlWriter {
  std::string operator()(const Paragraph& paragraph) const {
    const char* css = paragraph.tone == Tone::kNote ? "note" : paragraph.tone == Tone::kNotice ? "notice" : "";
    return "<p" + class_attribute(css) + ">" + escape_html(paragraph.text) + "</p>\n";
  }

  std::string operator()(const Heading& heading) const { return "<h3>" + escape_html(heading.text) + "</h3>\n"; }

  std::string operator()(const BulletList& list) const {
    const bool badges = !list.items.empty() && !list.items.front().badge.empty();
    std::string html = badges ? "<ul class=\"claims\">\n" : "<ul class=\"plain\">\n";
    for (const ListItem& item : list.items) {
      const std::string lead = item.lead.empty() ? "" : "<strong>" + escape_html(item.lead) + "</strong>";
      if (badges) {
        html += "<li><span class=\"verdict " + escape_html(item.colour) + "\">" + escape_html(item.badge) + "</span>" +
                lead + "<p class=\"note\">" + escape_html(item.text) + "</p></li>\n";
      } else {
        html += "<li>" + lead + (lead.empty() ? "" : ": ") + escape_html(item.text) + "</li>\n";
      }
    }
    return html + "</ul>\n";
  }

  std::string operator()(const FactList& list) const {
    std::string html = "<dl class=\"facts\">\n";
    for (const Fact& fact : list.facts) {
      if (fact.code.empty() && fact.text.empty()) continue;
      html += "<dt>" + escape_html(fact.name) + "</dt><dd>";
      if (!fact.code.empty()) html += "<code>" + escape_html(fact.code) + "</code>";
      if (!fact.code.empty() && !fact.text.empty()) html += " ";
      html += escape_html(fact.text) + "</dd>\n";
    }
    return html + "</dl>\n";
  }

  std::string operator()(const Preformatted& block) const { return "<pre>" + escape_html(block.text) + "</pre>"; }

  std::string operator()(const Table& table) const {
    std::string html = "<div class=\"scroll\" tabindex=\"0\">\n<table" +
                       std::string(table.interactive ? " class=\"interactive\"" : "") + ">\n";
    if (!table.caption.empty()) html += "<caption>" + escape_html(table.caption) + "</caption>\n";
    html += "<thead><tr>";
    for (const TableColumn& column : table.columns) {
      html += "<th scope=\"col\"" + class_attribute(column.number ? "number" : "") +
              (column.filter ? " data-filter" : "") + (column.stack ? " data-stack" : "") +
              (column.lower_is_better ? " data-lower" : "") + ">" + escape_html(column.title) + "</th>";
    }
    html += "</tr></thead>\n<tbody>\n";
    for (const TableRow& row : table.rows) html += table_row(table, row);
    return html + "</tbody>\n</table>\n</div>\n";
  }

  std::string operator()(const PlotGroup& group) const {
    std::string html;
    if (!group.legend.empty()) {
      html += "<ul class=\"legend\">";
      for (const auto& [name, style] : group.legend)
        html += "<li>" + legend_key(style) + " " + escape_html(name) + "</li>";
      html += "</ul>\n";
    }
    html += "<div class=\"panels\">\n";
    for (const Plot& plot : group.panels) {
      html += "<figure class=\"plot\"><figcaption>" + escape_html(plot.title) +
              "</figcaption><div class=\"vega\" role=\"img\" aria-label=\"" + escape_html(plot.words) +
              "\"></div><script type=\"application/json\">" + script_json(plot.spec) + "</script></figure>\n";
    }
    // Open for readers without scripts; the page folds it once its plots are drawn.
    return html + "</div>\n<details class=\"values\" open><summary>The values in these plots</summary>\n" +
           (*this)(group.values) + "</details>\n";
  }

  std::string operator()(const Pictures& pictures) const {
    std::string html = "<div class=\"prompts\">\n";
    for (const PictureFigure& figure : pictures.figures) html += picture_figure(figure);
    return html + "</div>\n";
  }

  std::string operator()(const BlockGroup& group) const {
    const std::string inside = html_of(group.blocks);
    if (group.layout == BlockGroup::Layout::kBeside) return "<div class=\"beside\">" + inside + "</div>\n";
    if (group.layout == BlockGroup::Layout::kStacked) return "<div>" + inside + "</div>";
    return "<details><summary>" + escape_html(group.summary) + "</summary>\n" + inside + "</details>\n";
  }
};

}  // namespace

std::string html_of(const std::vector<Block>& blocks) {
  std::string html;
  for (const Block& block : blocks) html += std::visit(HtmlWriter(), block);
  return html;
}

}  // namespace emf
