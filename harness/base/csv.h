// SPDX-License-Identifier: Apache-2.0
// Comma-separated files with a header line (RFC 4180), as spreadsheets and pandas write them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

struct CsvTable {
  struct Row {
    int line = 0;  ///< of the file, from 1: where the row begins
    std::vector<std::string> cells;
    size_t begin = 0, end = 0;  ///< bytes of the text that the row stands in, its line end among them
  };
  std::string origin;  ///< file path, for messages
  std::vector<std::string> header;
  std::vector<Row> rows;  ///< as many cells as the header has names

  /// Place of a column, or none.  @throws UserError  there are two of the name.
  std::optional<size_t> column(std::string_view name) const;
  /// @throws UserError  no such column (names the file and those there are).
  size_t required_column(std::string_view name) const;
  /// "graph.csv:12", for messages.
  std::string place(const Row& row) const;
};

/// The rows of a CSV text one after the other, where there are too many to hold.
class CsvReader {
 public:
  /// Reads the header.  @param text, origin  must outlive the reader.  @throws UserError  as parse_csv: that the text
  /// is UTF-8 is seen here, before any row is handed out.
  CsvReader(std::string_view text, const std::string& origin);

  const CsvTable::Row& header() const { return header_; }
  /// The next row; false at the end.  @throws UserError  as parse_csv.
  bool next(CsvTable::Row& row);

 private:
  CsvTable::Row read_row();
  std::string plain_cell();
  std::string quoted_cell();
  bool take_line_end();
  bool done() const { return place_ >= text_.size(); }

  std::string_view text_;
  const std::string& origin_;
  size_t place_ = 0;
  int line_ = 1;
  CsvTable::Row header_;
};

/// Parses CSV text: quoted cells may hold commas, line ends and "" for a quote; either line end; a byte order
/// mark and blank lines are passed over.
///
/// @param origin  names it in errors.
/// @throws UserError  not UTF-8, no header, a quote that never ends, text after a closing quote, or a row of another
/// length (names the line).
CsvTable parse_csv(std::string_view text, const std::string& origin);

/// @throws UserError  as parse_csv; absent (kMissing).
CsvTable read_csv(const std::filesystem::path& path);

}  // namespace emf
