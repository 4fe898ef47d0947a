// HTML as the sections write it: escaping, numbers with intervals, and tables that read well without scripts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// Text with & < > " ' escaped, fit for element content and quoted attributes.
std::string escape_html(std::string_view text);

/// JSON for a <script type="application/json">: `<` as \u003c, so that no text inside can close the element.
std::string script_json(const Json& value);

/// "0.412"; a true minus sign, so that columns align.
std::string format_number(double value, int digits);
/// "24,576".
std::string format_count(int64_t value);
/// "3.2 s", "4 min 10 s", "2 h 05 min".
std::string format_seconds(double seconds);
/// Three significant digits and an SI prefix: "1.97 P", "410 M".
std::string format_si(double value);

struct TableCell {
  std::string html;            ///< already escaped
  std::optional<double> sort;  ///< number to sort by; absent sorts by text
  std::string css;             ///< class names
};

/// A cell of text (escaped here).
TableCell text_cell(std::string_view text);
/// A number, its 95 % interval small beneath it.
TableCell score_cell(double value, const std::optional<Interval>& ci95, int digits = 2);
TableCell count_cell(int64_t value);
/// A dash with the reason as its title.
TableCell absent_cell(std::string_view why);

struct TableColumn {
  std::string title;    ///< plain text
  bool number = false;  ///< right-aligned
  bool filter = false;  ///< gets a choice of its values when scripts run
  bool stack = false;   ///< goes beneath the first column on a phone when scripts run
};

/// A plain <table>. With `interactive` scripts put a sortable one in its place on screen (never in print).
class Table {
 public:
  Table(std::string caption, std::vector<TableColumn> columns, bool interactive = false)
      : caption_(std::move(caption)), columns_(std::move(columns)), interactive_(interactive) {}

  /// @param css  class names of the row.   @throws InternalError  not one cell a column.
  void add(std::vector<TableCell> cells, std::string css = "");
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  struct Row {
    std::vector<TableCell> cells;
    std::string css;
  };
  std::string caption_;
  std::vector<TableColumn> columns_;
  bool interactive_;
  std::vector<Row> rows_;
};

/// <p>...</p> of text (escaped here).
std::string paragraph(std::string_view text, std::string_view css = "");

}  // namespace emf
