// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/terminal.h"
#include "reports/writers/plain_tables.h"

namespace emf {
namespace {

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) line += (i == 0 ? "" : ",") + escape_csv(fields[i]);
  return line + "\n";
}

std::string value_of(const TableCell& cell) {
  if (cell.number) return fmt::format("{}", *cell.number);
  return cell.whole.empty() ? cell.text : cell.whole;
}

std::string note_of(const TableCell& cell) {
  std::string note;
  for (const std::string& warning : cell.warnings) note += (note.empty() ? "" : "; ") + warning;
  return note;
}

}  // namespace

std::string escape_csv(std::string_view text) {
  const std::string plain = shown(text, ShownAs::kLines);
  if (plain.find_first_of(",\"\n") == std::string::npos) return plain;
  std::string quoted = "\"";
  for (const char c : plain) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_of(const Table& table) {
  std::vector<bool> has_interval, has_note;
  std::vector<std::string> head;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const auto any = [&](const auto& holds) {
      return std::any_of(table.rows.begin(), table.rows.end(),
                         [&](const TableRow& row) { return holds(row.cells[i]); });
    };
    has_interval.push_back(any([](const TableCell& cell) { return cell.ci95.has_value(); }));
    has_note.push_back(any([](const TableCell& cell) { return !cell.warnings.empty(); }));
    const std::string& title = table.columns[i].title;
    head.push_back(title);
    if (has_interval.back()) head.insert(head.end(), {title + " low", title + " high"});
    if (has_note.back()) head.push_back(title + " note");
  }
  std::string text = line_of(head);
  for (const TableRow& row : table.rows) {
    std::vector<std::string> fields;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const TableCell& cell = row.cells[i];
      fields.push_back(value_of(cell));
      if (has_interval[i]) {
        for (const size_t end : {0, 1}) fields.push_back(cell.ci95 ? fmt::format("{}", (*cell.ci95)[end]) : "");
      }
      if (has_note[i]) fields.push_back(note_of(cell));
    }
    text += line_of(fields);
  }
  return text;
}

std::string csv_of(const std::vector<Chapter>& chapters) {
  std::vector<std::pair<std::string, Table>> tables;
  for (const Chapter& chapter : chapters) {
    for (Table& table : tables_in(chapter.blocks)) {
      const std::string title = chapter.title + (table.caption.empty() ? "" : ": " + table.caption);
      tables.emplace_back(title, std::move(table));
    }
  }
  if (tables.size() == 1) return csv_of(tables.front().second);
  std::string text;
  for (const auto& [title, table] : tables) text += (text.empty() ? "" : "\n") + line_of({title}) + csv_of(table);
  return text;
}

}  // namespace emf
