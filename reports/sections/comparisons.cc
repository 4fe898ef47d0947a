// SPDX-License-Identifier: Apache-2.0
// Paired differences between objectives, encoders, step counts, models and codecs.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// The parts of two cells that differ, so that a pair reads shortly.
std::string side_words(const Names& names, const Json& side, const Json& other) {
  std::string words = names.objective(side.at("objective"));
  if (encoder_key(side) != encoder_key(other)) words = names.encoder(encoder_key(side)) + ", " + words;
  if (side.at("steps") != other.at("steps")) words += ", " + steps_words(side.at("steps"));
  return words;
}

TableCell difference_cell(const Json& row) {
  const std::optional<Interval> ci95 = interval_of(row);
  TableCell cell = score_cell(row.at("difference"), ci95, 3);
  // Of 140 rows seven leave out zero by chance alone, so what is marked is what is left after the correction.
  const bool clear = ci95 && ((*ci95)[0] > 0 || (*ci95)[1] < 0);
  cell.best = clear && row.value("p_holm", 0.0) < 0.05;
  return cell;
}

TableCell p_cell(const Json& row, const char* key) {
  if (!row.contains(key)) return absent_cell("not corrected");
  return number_cell(format_p(row.at(key)), row.at(key));
}

Table table_of(const Names& names, const std::vector<Json>& rows, const std::string& kind) {
  const auto has = [&](const char* key) {
    return std::any_of(rows.begin(), rows.end(), [&](const Json& row) { return row.contains(key); });
  };
  const bool holm = has("p_holm"), rate = has("p_bh"), seeds = has("seeds");
  Table table{"", {{"Difference", false, true}, {"Steps", true, true}, {"Value", true}, {"p", true}}, true};
  if (holm) table.columns.push_back({"p, Holm", true});
  if (rate) table.columns.push_back({"p, false discovery", true});
  if (seeds) table.columns.push_back({"Over seeds", true});
  table.columns.push_back({"Least detectable", true});
  for (const Json& row : rows) {
    if (row.value("kind", "objective") != kind) continue;
    const Json &a = row.at("a"), &b = row.at("b");
    std::string words = side_words(names, a, b) + " \u2212 " + side_words(names, b, a);
    if (kind != "encoder") words = names.encoder(encoder_key(a)) + ": " + words;
    std::vector<TableCell> cells = {text_cell(words), count_cell(a.at("steps")), difference_cell(row),
                                    p_cell(row, "p")};
    if (holm) cells.push_back(p_cell(row, "p_holm"));
    if (rate) cells.push_back(p_cell(row, "p_bh"));
    if (seeds) cells.push_back(row.contains("seeds") ? difference_cell(row.at("seeds")) : absent_cell("one seed"));
    const Json least = row.value("smallest_detectable", Json());
    cells.push_back(least.is_null() ? absent_cell("too few prompts")
                                    : number_cell(format_number(least, 2), least.get<double>()));
    table.add(std::move(cells));
  }
  return table;
}

/// Rows by metric: the main one first, others as the record has them.
std::vector<std::pair<std::string, std::vector<Json>>> by_metric(const Json& rows, const std::string& main_metric) {
  std::vector<std::pair<std::string, std::vector<Json>>> groups = {{main_metric, {}}};
  for (const Json& row : rows) {
    const std::string metric = row.at("metric");
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.first == metric; });
    if (group == groups.end()) group = groups.insert(groups.end(), {metric, {}});
    group->second.push_back(row);
  }
  return groups;
}

class Comparisons : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Paired differences"; }
  int order() const override { return 60; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Json all = input.result.value("comparisons", Json::array());
    const Names names(input.result);
    std::vector<Block> blocks;
    for (const auto& [metric, rows] : by_metric(all, names.main_metric())) {
      if (rows.empty()) continue;
      blocks.push_back(introduction(names, metric, all.size()));
      add_table(names, rows, "objective", "Between objectives, one encoder", blocks);
      add_table(names, rows, "encoder", "Between encoders, one objective", blocks);
      add_table(names, rows, "steps", "Between step counts, one encoder and objective", blocks);
      add_table(names, rows, "model", "Between models, one encoder and objective", blocks);
      add_table(names, rows, "codec", "Between codecs, one encoder and objective", blocks);
    }
    return blocks;
  }

 private:
  static Paragraph introduction(const Names& names, const std::string& metric, size_t rows) {
    const char* direction =
        names.higher_is_better(metric) ? "" : " Lower is better: below zero, the side named first is the better one.";
    return {fmt::format(
        "{}.{} Both sides painted the same prompts from the same noise; a bootstrap over prompts keeps the pairs "
        "together. The corrected p values allow for all {} rows of these tables: Holm's for any false finding, the "
        "other for the share of false findings. Marked where Holm's is below .05; over seeds, which are not corrected, "
        "where the interval leaves out zero. Least detectable is the true "
        "difference that so many prompts would show four times in five.",
        names.metric(metric), direction, rows)};
  }

  static void add_table(const Names& names, const std::vector<Json>& rows, const std::string& kind,
                        const std::string& caption, std::vector<Block>& blocks) {
    Table table = table_of(names, rows, kind);
    if (table.empty()) return;
    blocks.push_back(Heading{caption});
    blocks.push_back(std::move(table));
  }
};

EMF_REGISTER(SectionRegistry, "comparisons", "Table of paired differences with p values",
             std::make_unique<Comparisons>);

}  // namespace
}  // namespace emf
