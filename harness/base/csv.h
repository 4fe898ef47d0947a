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
  };
  std::string origin;  ///< file path, for messages
  std::vector<std::string> header;
  std::vector<Row> rows;  ///< as many cells as the header has names

  /// Place of a column, or none.
  std::optional<size_t> column(std::string_view name) const;
  /// @throws UserError  no such column (names the file and those there are).
  size_t required_column(std::string_view name) const;
  /// "graph.csv:12", for messages.
  std::string place(const Row& row) const;
};

/// Parses CSV text: quoted cells may hold commas, line ends and "" for a quote; either line end; a byte order
/// mark and blank lines are passed over.
///
/// @param origin  names it in errors.
/// @throws UserError  no header, a quote that never ends, text after a closing quote, or a row of another
/// length (names the line).
CsvTable parse_csv(std::string_view text, const std::string& origin);

/// @throws UserError  as parse_csv; absent (kMissing).
CsvTable read_csv(const std::filesystem::path& path);

}  // namespace emf
