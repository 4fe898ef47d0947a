#include "harness/base/csv.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) place_ = kByteOrderMark.size();
  }

  bool done() const { return place_ >= text_.size(); }

  /// One row; a blank line is a row of one empty cell.
  CsvTable::Row row() {
    CsvTable::Row row{line_, {}};
    while (true) {
      row.cells.push_back(!done() && text_[place_] == '"' ? quoted_cell() : plain_cell());
      if (done() || take_line_end()) return row;
      if (text_[place_] != ',') fail_input("{}:{}: text after a closing quote", origin_, line_);
      ++place_;
    }
  }

 private:
  std::string plain_cell() {
    const size_t begin = place_;
    while (!done() && text_[place_] != ',' && text_[place_] != '\n' && text_[place_] != '\r') ++place_;
    return std::string(text_.substr(begin, place_ - begin));
  }

  std::string quoted_cell() {
    const int begin = line_;
    std::string cell;
    for (++place_; !done(); ++place_) {
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

  bool take_line_end() {
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

  std::string_view text_;
  const std::string& origin_;
  size_t place_ = 0;
  int line_ = 1;
};

}  // namespace

std::optional<size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<size_t>(found - header.begin());
}

size_t CsvTable::required_column(std::string_view name) const {
  if (const auto found = column(name)) return *found;
  fail_input("{} has no column '{}'{}", origin, name, suggestion(std::string(name), header));
}

std::string CsvTable::place(const Row& row) const { return fmt::format("{}:{}", origin, row.line); }

CsvTable parse_csv(std::string_view text, const std::string& origin) {
  CsvTable table;
  table.origin = origin;
  Parser parser(text, origin);
  while (!parser.done()) {
    CsvTable::Row row = parser.row();
    if (row.cells.size() == 1 && row.cells.front().empty()) continue;
    if (table.header.empty()) {
      table.header = std::move(row.cells);
      continue;
    }
    if (row.cells.size() != table.header.size()) {
      fail_input("{}:{}: {} cells, but the header names {}", origin, row.line, row.cells.size(), table.header.size());
    }
    table.rows.push_back(std::move(row));
  }
  if (table.header.empty()) fail_input("{}: no header line", origin);
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) { return parse_csv(read_file(path), path.string()); }

}  // namespace emf
