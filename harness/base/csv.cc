// SPDX-License-Identifier: Apache-2.0
#include "harness/base/csv.h"

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"
#include "harness/base/utf8.h"

namespace emf {

CsvReader::CsvReader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {
  // Spreadsheets write this mark before UTF-8. Left in, it would become a part of the first column's name.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  require_utf8(text, origin);
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    fail_input("{}:{}: holds a NUL, which no text does; save the file as UTF-8", origin,
               std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n') + 1);
  }
  if (text_.starts_with(kByteOrderMark)) place_ = kByteOrderMark.size();
  if (!next(header_)) fail_input("{}: no header line", origin);
}

bool CsvReader::next(CsvTable::Row& row) {
  while (!done()) {
    row = read_row();
    if (row.cells.size() == 1 && row.cells.front().empty()) continue;  // a blank line
    // A row that is too short or too long has lost a comma or a quote somewhere. Guessing which cell is missing
    // would shift the others into wrong columns.
    if (!header_.cells.empty() && row.cells.size() != header_.cells.size()) {
      fail_input("{}:{}: {} cells, but the header names {}", origin_, row.line, row.cells.size(), header_.cells.size());
    }
    return true;
  }
  return false;
}

CsvTable::Row CsvReader::read_row() {
  CsvTable::Row row{line_, {}, place_, place_};
  while (true) {
    row.cells.push_back(!done() && text_[place_] == '"' ? quoted_cell() : plain_cell());
    if (done() || take_line_end()) {
      row.end = place_;
      require_line(row.end - row.begin, origin_);
      return row;
    }
    // RFC 4180 allows nothing between a closing quote and the next comma.
    if (text_[place_] != ',') fail_input("{}:{}: text after a closing quote", origin_, line_);
    ++place_;
  }
}

std::string CsvReader::plain_cell() {
  // Blanks belong to the cell, as RFC 4180 says, and a quote in the middle of an unquoted cell is a character
  // like any other, as Python's csv module takes it.
  const size_t begin = place_;
  while (!done() && text_[place_] != ',' && text_[place_] != '\n' && text_[place_] != '\r') ++place_;
  return std::string(text_.substr(begin, place_ - begin));
}

std::string CsvReader::quoted_cell() {
  const int begin = line_;
  std::string cell;
  for (++place_; !done(); ++place_) {
    // A line end within quotes belongs to the cell, but it still counts as a line; otherwise every later
    // message would name the wrong one.
    if (text_[place_] == '\n') ++line_;
    if (text_[place_] != '"') {
      cell += text_[place_];
    } else if (place_ + 1 < text_.size() && text_[place_ + 1] == '"') {
      cell += text_[++place_];
    } else {
      ++place_;
      return cell;
    }
  }
  fail_input("{}:{}: a quote begins here and never ends", origin_, begin);
}

// Takes "\n", "\r\n" and a lone "\r", which some spreadsheets still write.
bool CsvReader::take_line_end() {
  if (text_[place_] == '\r') {
    ++place_;
    if (!done() && text_[place_] == '\n') ++place_;
  } else if (text_[place_] == '\n') {
    ++place_;
  } else {
    return false;
  }
  ++line_;
  return true;
}

std::optional<size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  if (std::find(found + 1, header.end(), name) != header.end()) {
    fail_input("{}: the header names the column '{}' twice", origin, name);
  }
  return static_cast<size_t>(found - header.begin());
}

size_t CsvTable::required_column(std::string_view name) const {
  if (const auto found = column(name)) return *found;
  fail_input("{} has no column '{}'{}", origin, name, suggestion(std::string(name), header));
}

std::string CsvTable::place(const Row& row) const { return fmt::format("{}:{}", origin, row.line); }

CsvTable parse_csv(std::string_view text, const std::string& origin) {
  CsvReader reader(text, origin);
  CsvTable table{origin, reader.header().cells, {}};
  CsvTable::Row row;
  while (reader.next(row)) table.rows.push_back(std::move(row));
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) { return parse_csv(read_file(path), path.string()); }

}  // namespace emf
