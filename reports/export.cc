// SPDX-License-Identifier: Apache-2.0
#include "reports/export.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "reports/writers/csv.h"
#include "reports/writers/latex.h"
#include "reports/writers/markdown.h"

namespace emf {
namespace {

Table table_of_rows(const Json& rows) {
  Table table{"",
              {{"encoder"},
               {"objective"},
               {"steps", true},
               {"seed", true},
               {"metric"},
               {"value", true},
               {"ci95_low", true},
               {"ci95_high", true},
               {"n", true},
               {"checkpoint", true},
               {"official"},
               {"warnings"},
               {"why"}}};
  // As the record writes them, to the last digit: not as numbers that a format may shorten.
  const auto number = [](const Json& value) { return TableCell{value.is_null() ? "" : value.dump()}; };
  const auto words = [](const Json& list) {
    std::string joined;
    for (const Json& word : list) joined += (joined.empty() ? "" : "; ") + word.get<std::string>();
    return joined;
  };
  for (const Json& row : rows) {
    const Json& interval = row.at("ci95");
    table.add({{row.at("encoder")},
               {row.at("objective")},
               number(row.at("steps")),
               number(row.at("seed")),
               {row.at("metric")},
               number(row.at("value")),
               number(interval.is_null() ? Json() : interval[0]),
               number(interval.is_null() ? Json() : interval[1]),
               number(row.at("n")),
               number(row.value("checkpoint", Json())),
               {row.value("official", false) ? "true" : "false"},
               {words(row.value("warnings", Json::array()))},
               {row.value("why", "")}});
  }
  return table;
}

}  // namespace

const std::vector<std::string>& export_format_names() {
  static const std::vector<std::string> names = {"csv", "md", "latex"};
  return names;
}

ExportFormat export_format(const std::string& name) {
  if (name == "csv") return ExportFormat::kCsv;
  if (name == "md") return ExportFormat::kMarkdown;
  if (name == "latex") return ExportFormat::kLatex;
  fail_input("unknown format '{}'{}", name, suggestion(name, export_format_names()));
}

std::string export_rows(const Json& rows, ExportFormat format) {
  const Table table = table_of_rows(rows);
  ensure(format != ExportFormat::kLatex, "rows have no LaTeX; latex_scores() has");
  return format == ExportFormat::kCsv ? csv_of(table) : markdown_of(table);
}

std::string export_sections(const SectionInput& input, const std::vector<std::string>& names, ExportFormat format) {
  const bool all = std::find(names.begin(), names.end(), "all") != names.end();
  const std::vector<Chapter> chapters = chapters_of(input, all ? std::vector<std::string>() : names);
  if (chapters.empty()) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    fail_input("the record has nothing for section {}", list);
  }
  if (format == ExportFormat::kMarkdown) return markdown_of(chapters);
  if (format == ExportFormat::kLatex) return latex_of(chapters);
  std::string text = csv_of(chapters);
  if (text.empty()) fail_input("section {} has no table that CSV could hold; use --format md", chapters.front().name);
  return text;
}

}  // namespace emf
