// SPDX-License-Identifier: Apache-2.0
// What a report section is: a question to a suite's record, answered as blocks that every writer knows how to write.
// LibTorch-free.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/registry.h"

namespace emf {

/// A suite's record as sections see it. Both documents have passed their schema (reports/schema).
struct SectionInput {
  Json result;                       ///< emf.result/1
  Json provenance = Json::object();  ///< emf.provenance/1; empty when the record came without one
  std::filesystem::path store;       ///< what the record's file names are relative to
};

// The blocks. All text in them is plain: no section escapes anything, every writer (reports/writers) escapes for its
// own format.

enum class Tone {
  kPlain,
  kNote,    ///< small and quiet
  kNotice,  ///< what a reader should not overlook
};

struct Paragraph {
  std::string text;
  Tone tone = Tone::kPlain;
};

/// A heading inside a section.
struct Heading {
  std::string text;
};

struct ListItem {
  std::string lead;    ///< said first and stronger; may be ""
  std::string text;    ///< what is said of it
  std::string badge;   ///< a verdict in a word or two that stands before the lead; "" = the list has none
  std::string colour;  ///< of the badge: "pass", "fail" or "undecided"
};

/// Points of equal rank. Either all of them have a badge or none.
struct BulletList {
  std::vector<ListItem> items;
};

struct Fact {
  std::string name;
  std::string code;  ///< a command or a hash, as it would be typed; may be ""
  std::string text;  ///< in words, behind the code; may be ""
};

/// Names with what is known of each; a fact that has neither code nor text is left out.
struct FactList {
  std::vector<Fact> facts;
};

/// Text whose line breaks and spaces mean something.
struct Preformatted {
  std::string text;
};

struct TableCell {
  std::string text;                           ///< as people read it; "" with `why`
  std::optional<double> number = {};          ///< in full precision: what sorts and what CSV holds; absent for text
  std::optional<std::array<double, 2>> ci95;  ///< 95 % interval, in full precision
  std::string ci95_text = {};                 ///< the interval as people read it
  bool best = false;                          ///< marked: it stands out of its column
  std::string why = {};                       ///< why there is no value
  std::vector<std::string> warnings = {};     ///< small, beneath the value
  std::string whole = {};                     ///< what `text` is the beginning of (a hash), written as code; else ""
};

struct TableColumn {
  std::string title;
  bool number = false;           ///< right-aligned
  bool filter = false;           ///< gets a choice of its values when scripts run
  bool stack = false;            ///< goes beneath the first column on a phone when scripts run
  bool lower_is_better = false;  ///< a first click sorts it from the least, so that the best stands on top
};

enum class RowMark {
  kPlain,
  kGroup,      ///< the first row of what belongs together
  kReference,  ///< not one of the suite's rows, but what they are held against
};

struct TableRow {
  std::vector<TableCell> cells;
  RowMark mark = RowMark::kPlain;
};

struct Table {
  std::string caption;  ///< may be ""
  std::vector<TableColumn> columns;
  bool interactive = false;  ///< scripts put a sortable table in its place on screen (never in print)
  std::vector<TableRow> rows = {};

  /// @throws InternalError  not one cell a column.
  void add(std::vector<TableCell> cells, RowMark mark = RowMark::kPlain) {
    ensure(cells.size() == columns.size(), "{} cells in a table of {} columns ({})", cells.size(), columns.size(),
           caption);
    rows.push_back({std::move(cells), mark});
  }
  bool empty() const { return rows.empty(); }
};

/// How a plot draws one series: colour, dash and mark differ together, so none has to be seen alone.
struct SeriesStyle {
  std::string color;      ///< #rrggbb
  std::vector<int> dash;  ///< of the line; {} = solid
  std::string mark;       ///< a Vega shape
};

struct Plot {
  std::string title;  ///< over the panel
  std::string words;  ///< what the panel shows, for readers who cannot see it
  Json spec;          ///< Vega-Lite, with its data inline and no width
};

/// Panels side by side, which share their height; each is as wide as the page gives it.
struct PlotGroup {
  std::vector<Plot> panels;
  std::vector<std::pair<std::string, SeriesStyle>> legend;  ///< series by the name that the panels give them
  Table values;                                             ///< what is drawn, so that nothing is lost without scripts
};

struct PictureTile {
  std::string uri;              ///< data:image/png;base64,...
  std::string words;            ///< what it is, for readers who cannot see it
  std::optional<double> right;  ///< the judge's word: 1 right, 0 wrong, between for a share; absent = not judged
};

struct PictureRow {
  std::string lead, text;                         ///< who painted it: "Class labels", "MeanFlow"
  std::vector<std::optional<PictureTile>> tiles;  ///< one a column at most; absent where there is none
  bool group = false;                             ///< the first row of what belongs together
};

/// One prompt's pictures.
struct PictureFigure {
  std::string title, subtitle;
  std::vector<std::string> columns;
  std::vector<PictureRow> rows;
};

struct Pictures {
  std::vector<PictureFigure> figures;
};

struct BlockGroup;

using Block =
    std::variant<Paragraph, Heading, BulletList, FactList, Preformatted, Table, PlotGroup, Pictures, BlockGroup>;

/// Blocks that belong together.
struct BlockGroup {
  enum class Layout {
    kStacked,  ///< one beneath the other
    kBeside,   ///< next to each other, where there is room
    kFolded,   ///< out of sight behind the summary, where a reader can unfold it
  };
  Layout layout = Layout::kStacked;
  std::string summary;  ///< of what is folded
  std::vector<Block> blocks;
};

/// One part of the report. Stateless; the same input gives the same blocks.
class Section {
 public:
  static constexpr const char* kKind = "section";
  virtual ~Section() = default;

  /// What the section is called in the report on this record.
  virtual std::string title(const SectionInput& input) const = 0;
  /// Sections appear in rising order; equal orders by name.
  virtual int order() const = 0;
  /// The section's body, or nothing when the record holds nothing for it (the section is then left out).
  /// Numbers must stand in text or tables: a plot or a picture alone is lost in most formats.
  /// @throws UserError  the record contradicts itself (says where).
  virtual std::vector<Block> blocks(const SectionInput& input) const = 0;
};

using SectionRegistry = Registry<Section>;

}  // namespace emf
