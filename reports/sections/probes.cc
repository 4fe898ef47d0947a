// SPDX-License-Identifier: Apache-2.0
// Probe scores of every encoder, with the paper's own beside them.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/paper/paper_tables.h"

namespace emf {
namespace {

/// Rows of one probe asked in one way, an encoder each.
struct Asked {
  std::string probe, title;
  std::vector<Json> rows;
};

std::vector<Asked> asked_ways(const Names& names, const Json& probes) {
  std::vector<Asked> ways;
  for (const Json& row : probes) {
    const std::string title = names.probe_title(row);
    auto way = std::find_if(ways.begin(), ways.end(), [&](const Asked& other) { return other.title == title; });
    if (way == ways.end()) way = ways.insert(ways.end(), {row.at("probe"), title, {}});
    way->rows.push_back(row);
  }
  return ways;
}

/// Modes of a probe, "raw" (the paper's) first.
std::vector<std::string> modes_of(const Asked& way) {
  std::vector<std::string> modes;
  for (const Json& row : way.rows) {
    for (const auto& [mode, value] : row.at("modes").items()) {
      if (std::find(modes.begin(), modes.end(), mode) == modes.end()) modes.push_back(mode);
    }
  }
  std::stable_partition(modes.begin(), modes.end(), [](const std::string& mode) { return mode == "raw"; });
  return modes;
}

TableCell mode_cell(const Json& row, const std::string& mode) {
  const Json& modes = row.at("modes");
  const auto found = modes.find(mode);
  if (found == modes.end() || found->at("value").is_null()) return absent_cell(row.value("why", "not measured"));
  return score_cell(found->at("value"), interval_of(*found), 3);
}

/// What blind choice and perfect choice would score: the same for every encoder, so one row each beneath them.
void add_bounds(const Asked& way, const std::vector<std::string>& modes, Table& table) {
  for (const auto& [key, words] : {std::pair{"chance", "Chance"}, {"oracle", "Oracle"}}) {
    for (const Json& row : way.rows) {
      const Json bounds = row.value("numbers", Json::object()).value(key, Json());
      if (!bounds.is_object()) continue;
      std::vector<TableCell> cells = {text_cell(words)};
      for (const std::string& mode : modes) {
        cells.push_back(bounds.contains(mode) ? score_cell(bounds.at(mode).get<double>(), {}, 3)
                                              : absent_cell("not defined"));
      }
      cells.push_back(absent_cell("no queries"));
      cells.push_back(absent_cell("no candidates"));
      table.add(std::move(cells), RowMark::kReference);
      break;
    }
  }
}

Block measured_table(const Names& names, const Asked& way) {
  const std::vector<std::string> modes = modes_of(way);
  Table table{"Measured here, 95 % interval beneath", {{"Encoder"}}};
  for (const std::string& mode : modes) table.columns.push_back({names.mode(mode), true});
  table.columns.push_back({"Queries", true});
  table.columns.push_back({"Candidates", true});
  std::vector<Block> unread;
  for (const Json& row : way.rows) {
    if (row.contains("why")) {
      unread.push_back(Paragraph{"Not measured: " + row.at("why").get<std::string>() + ".", Tone::kNote});
      continue;
    }
    std::vector<TableCell> cells = {text_cell(names.encoder(row.at("encoder")))};
    for (const std::string& mode : modes) cells.push_back(mode_cell(row, mode));
    cells.push_back(count_cell(row.at("n_queries")));
    cells.push_back(count_cell(row.at("n_candidates")));
    table.add(std::move(cells));
  }
  add_bounds(way, modes, table);
  if (unread.empty()) return table;
  unread.insert(unread.begin(), std::move(table));
  return BlockGroup{BlockGroup::Layout::kStacked, "", std::move(unread)};
}

/// Numbers that give a score its scale, such as what chance would reach.
Table context_table(const Names& names, const Asked& way) {
  Table table{"For scale", {{"Encoder"}, {"Number"}, {"Value", true}}};
  for (const Json& row : way.rows) {
    const Json numbers = row.value("numbers", Json::object());
    for (const auto& [number, value] : numbers.items()) {
      if (!value.is_number()) continue;
      table.add({text_cell(names.encoder(row.at("encoder"))), text_cell(names.mode(number)),
                 score_cell(value.get<double>(), {}, 3)});
    }
  }
  return table;
}

/// The paper's own values; empty for a probe that the paper does not ask.
Table paper_table(const std::string& name) {
  for (const Json& table : paper_tables().at("tables")) {
    // The tables of one probe alone: others hold probes beside each other.
    if (table.at("columns").size() != 1 || table.at("columns")[0].value("probe", "") != name) continue;
    std::vector<std::pair<double, std::string>> values;
    for (const Json& row : table.at("rows")) {
      values.emplace_back(-row.at("paper")[0].get<double>(), row.at("label").get<std::string>());
    }
    std::sort(values.begin(), values.end());
    Table rows{fmt::format("The paper's {}: other encoders, other data ({}). {}", table.at("place").get<std::string>(),
                           table.at("data").get<std::string>(), paper_tables().at("source").get<std::string>()),
               {{"Encoder"}, {"Raw", true}}};
    for (const auto& [negative, encoder] : values) rows.add({text_cell(encoder), score_cell(-negative, {}, 3)});
    return rows;
  }
  return {};
}

class Probes : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Probes before training"; }
  int order() const override { return 80; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Json probes = input.result.value("probes", Json::array());
    if (probes.empty()) return {};
    const Names names(input.result);
    std::vector<Block> blocks = {
        Paragraph{"Measured on text features alone, before any generator is trained. The paper's values stand beside "
                  "ours for orientation, not for comparison: the encoders, captions and picture features differ."}};
    std::string before;
    for (const Asked& way : asked_ways(names, probes)) {
      const bool again = way.probe == before;  // its question and the paper's table stand above
      before = way.probe;
      blocks.push_back(Heading{way.title});
      const std::string question = names.probe_question(way.probe);
      if (!again && !question.empty()) blocks.push_back(Paragraph{question});
      BlockGroup beside{BlockGroup::Layout::kBeside, "", {measured_table(names, way)}};
      Table paper = again ? Table() : paper_table(way.probe);
      if (!paper.empty()) beside.blocks.push_back(std::move(paper));
      blocks.push_back(std::move(beside));
      Table context = context_table(names, way);
      if (context.empty()) continue;
      blocks.push_back(
          BlockGroup{BlockGroup::Layout::kFolded, "Chance, bounds and other numbers for scale", {std::move(context)}});
    }
    return blocks;
  }
};

EMF_REGISTER(SectionRegistry, "probes", "Tables of probe scores beside the paper's Tables 1 and 2",
             std::make_unique<Probes>);

}  // namespace
}  // namespace emf
