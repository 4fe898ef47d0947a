// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/plain_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace emf {
namespace {

TableCell verdict_cell(const std::optional<PictureTile>& tile) {
  if (!tile) return {.text = "", .why = "no picture"};
  if (!tile->right) return {.text = "", .why = "not judged"};
  const double right = *tile->right;
  const std::string words = right == 1 ? "right" : right == 0 ? "wrong" : fmt::format("{:.0f} %", 100 * right);
  return {words, right};
}

/// Collects tables; a heading names the next table that has no caption of its own.
class TableCollector {
 public:
  void add_all(const std::vector<Block>& blocks) {
    for (const Block& block : blocks) std::visit(*this, block);
  }

  void operator()(const Paragraph&) {}
  void operator()(const Preformatted&) {}
  void operator()(const Heading& heading) { heading_ = heading.text; }
  void operator()(const Table& table) { add(table); }
  void operator()(const PlotGroup& group) { add(group.values); }
  void operator()(const BlockGroup& group) { add_all(group.blocks); }
  template <typename Other>
  void operator()(const Other& block) {
    add(table_of(block));
  }

  std::vector<Table> tables;

 private:
  void add(Table table) {
    if (table.empty()) return;
    if (table.caption.empty()) table.caption = heading_;
    tables.push_back(std::move(table));
  }

  std::string heading_;
};

}  // namespace

Table table_of(const BulletList& list) {
  const auto any = [&](const auto& holds) { return std::any_of(list.items.begin(), list.items.end(), holds); };
  const bool badges = any([](const ListItem& item) { return !item.badge.empty(); });
  const bool leads = any([](const ListItem& item) { return !item.lead.empty(); });
  Table table;
  if (badges) table.columns.push_back({"Verdict"});
  if (leads) table.columns.push_back({badges ? "Claim" : "What"});
  table.columns.push_back({leads ? "Detail" : "Note"});
  for (const ListItem& item : list.items) {
    std::vector<TableCell> cells;
    if (badges) cells.push_back({item.badge});
    if (leads) cells.push_back({item.lead});
    cells.push_back({item.text});
    table.add(std::move(cells));
  }
  return table;
}

Table table_of(const FactList& list) {
  Table table{"", {{"Fact"}, {"Value"}}};
  for (const Fact& fact : list.facts) {
    if (fact.code.empty() && fact.text.empty()) continue;
    table.add({{fact.name}, {fact.code + (fact.code.empty() || fact.text.empty() ? "" : " ") + fact.text}});
  }
  return table;
}

Table table_of(const Pictures& pictures) {
  Table table{"", {{"Prompt"}, {"Kind"}, {"Painted by"}, {"Way"}}};
  if (pictures.figures.empty()) return table;
  for (const std::string& column : pictures.figures.front().columns) table.columns.push_back({column, true});
  bool judged = false;
  for (const PictureFigure& figure : pictures.figures) {
    for (const PictureRow& row : figure.rows) {
      std::vector<TableCell> cells = {{figure.title}, {figure.subtitle}, {row.lead}, {row.text}};
      for (const auto& tile : row.tiles) {
        cells.push_back(verdict_cell(tile));
        judged = judged || (tile && tile->right);
      }
      while (cells.size() < table.columns.size()) cells.push_back(verdict_cell(std::nullopt));
      table.add(std::move(cells));
    }
  }
  if (!judged) table.rows.clear();
  return table;
}

std::vector<Table> tables_in(const std::vector<Block>& blocks) {
  TableCollector collector;
  collector.add_all(blocks);
  return std::move(collector.tables);
}

}  // namespace emf
