#include "reports/writers/html.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "harness/base/error.h"

namespace emf {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
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
  for (const char c : canonical_json(value)) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string format_number(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", std::abs(value), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !zero ? "\u2212" + text : text;
}

std::string format_count(int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(static_cast<size_t>(place), ",");
  }
  return value < 0 ? "\u2212" + digits : digits;
}

std::string format_seconds(double seconds) {
  if (seconds < 0.1) return fmt::format("{:.3g} ms", seconds * 1e3);
  if (seconds < 100) return fmt::format("{:.3g} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string format_si(double value) {
  constexpr std::array<const char*, 7> kPrefixes = {"", "k", "M", "G", "T", "P", "E"};
  size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  return fmt::format("{:.3g}{}{}", value, step == 0 ? "" : " ", kPrefixes[step]);
}

TableCell text_cell(std::string_view text) { return {escape_html(text), std::nullopt, ""}; }

TableCell score_cell(double value, const std::optional<Interval>& ci95, int digits) {
  std::string html = "<span class=\"value\">" + format_number(value, digits) + "</span>";
  if (ci95) {
    // An en dash between two negative numbers would read as a sign.
    const char* between = (*ci95)[0] < 0 || (*ci95)[1] < 0 ? " to " : "\u2013";
    html += "<span class=\"interval\">" + format_number((*ci95)[0], digits) + between +
            format_number((*ci95)[1], digits) + "</span>";
  }
  return {html, value, "number"};
}

TableCell count_cell(int64_t value) { return {format_count(value), static_cast<double>(value), "number"}; }

TableCell absent_cell(std::string_view why) {
  return {"<span class=\"absent\" title=\"" + escape_html(why) + "\">\u2013</span>", std::nullopt, "number"};
}

void Table::add(std::vector<TableCell> cells, std::string css) {
  ensure(cells.size() == columns_.size(), "{} cells in a table of {} columns ({})", cells.size(), columns_.size(),
         caption_);
  rows_.push_back({std::move(cells), std::move(css)});
}

std::string Table::html() const {
  const auto class_attribute = [](const std::string& css) { return css.empty() ? "" : " class=\"" + css + "\""; };
  std::string html = "<div class=\"scroll\" tabindex=\"0\">\n<table" +
                     std::string(interactive_ ? " class=\"interactive\"" : "") + ">\n";
  if (!caption_.empty()) html += "<caption>" + escape_html(caption_) + "</caption>\n";
  html += "<thead><tr>";
  for (const TableColumn& column : columns_) {
    html += "<th scope=\"col\"" + class_attribute(column.number ? "number" : "") +
            (column.filter ? " data-filter" : "") + (column.stack ? " data-stack" : "") + ">" +
            escape_html(column.title) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows_) {
    html += "<tr" + class_attribute(row.css) + ">";
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const TableCell& cell = row.cells[i];
      const char* tag = i == 0 ? "th scope=\"row\"" : "td";
      html +=
          fmt::format("<{}{}{}>{}</{}>", tag, class_attribute(cell.css),
                      cell.sort ? fmt::format(" data-sort=\"{}\"", *cell.sort) : "", cell.html, i == 0 ? "th" : "td");
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string paragraph(std::string_view text, std::string_view css) {
  return fmt::format("<p{}>{}</p>\n", css.empty() ? "" : fmt::format(" class=\"{}\"", css), escape_html(text));
}

}  // namespace emf
