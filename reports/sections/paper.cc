// SPDX-License-Identifier: Apache-2.0
// The paper's tables in its own layout, ours beneath theirs, row by row.
#include <fmt/format.h>

#include <cmath>

#include "reports/blocks/cells.h"
#include "reports/paper/paper_tables.h"

namespace emf {
namespace {

/// "main/counting" by the name of the suite's main metric.
std::string metric_of(const Record& record, const Json& column) {
  const std::string metric = column.at("metric");
  const bool is_main = metric == "main" || metric.rfind("main/", 0) == 0;
  return is_main ? record.main_metric() + metric.substr(4) : metric;
}

/// Ours of one row and column.
TableCell our_cell(const SectionInput& input, const Record& record, const Json& row, const Json& column, int digits) {
  if (column.contains("probe")) {
    for (const Json& probe : input.result.value("probes", Json::array())) {
      if (probe.value("name", probe.at("probe")) != column.at("probe") || probe.at("encoder") != row.at("encoder"))
        continue;
      const Json raw = probe.at("modes").value("raw", Json());
      if (raw.is_null() || raw.at("value").is_null()) return absent_cell(probe.value("why", "not measured"));
      return score_cell(raw.at("value"), interval_of(raw), digits);
    }
    return absent_cell("not in this suite");
  }
  if (!column.contains("metric")) return absent_cell("no counterpart");
  const Json& cell = row.at("cell");
  return score_cell(record.find(cell[0], cell[1], cell[2], metric_of(record, column)), "not in this suite", digits);
}

/// Which row of ours answers to the paper's.
std::string our_words(const Record& record, const Json& row) {
  const Names& names = record.names();
  if (row.contains("encoder")) return "here: " + names.encoder(row.at("encoder"));
  const Json& cell = row.at("cell");
  const int64_t steps = cell[2];
  return fmt::format("here: {}, {}, {} step{}", names.encoder(cell[0]), names.objective(cell[1]), steps,
                     steps == 1 ? "" : "s");
}

/// True where some cell of ours has a value.
bool is_answered(const Table& table) {
  for (const TableRow& row : table.rows) {
    if (row.mark != RowMark::kPlain) continue;
    for (size_t i = 1; i < row.cells.size(); ++i) {
      if (row.cells[i].number) return true;
    }
  }
  return false;
}

class Paper : public Section {
 public:
  std::string title(const SectionInput&) const override { return "The paper's tables, and ours"; }
  int order() const override { return 45; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Json config = input.result.value("config", Json::object());
    if (config.value("suite", Json::object()).value("paper", "") != "emf") return {};
    const Record record(input);
    std::vector<Block> blocks = {
        Paragraph{fmt::format("Each table of {} in its own layout: the paper's row, and beneath it the row of this "
                              "suite that answers to it. Values "
                              "differ, for our pictures are small scenes and our networks small; what can be compared "
                              "is orders, gaps and trends, which "
                              "the claims above test. A dash says why there is no value.",
                              paper_tables().at("source").get<std::string>())}};
    std::string unanswered;
    for (const Json& paper : paper_tables().at("tables")) {
      Table table = laid_out(input, record, paper);
      if (is_answered(table)) {
        blocks.push_back(std::move(table));
      } else {
        unanswered += (unanswered.empty() ? "" : ", ") + paper.at("place").get<std::string>();
      }
    }
    if (blocks.size() == 1) return {};
    if (!unanswered.empty()) {
      blocks.push_back(Paragraph{"Without a row in this suite: " + unanswered + ".", Tone::kNote});
    }
    return blocks;
  }

 private:
  static Table laid_out(const SectionInput& input, const Record& record, const Json& paper) {
    const int digits = paper.at("digits");
    Table table{fmt::format("{}: {} (the paper's: {})", paper.at("place").get<std::string>(),
                            paper.at("title").get<std::string>(), paper.at("data").get<std::string>()),
                {{""}}};
    for (const Json& column : paper.at("columns")) table.columns.push_back({column.at("title"), true});
    for (const Json& row : paper.at("rows")) {
      std::vector<TableCell> theirs = {text_cell(row.at("label"))};
      for (const Json& value : row.at("paper")) {
        theirs.push_back(value.is_null() ? absent_cell("not in the paper")
                                         : score_cell(value.get<double>(), {}, digits));
      }
      table.add(std::move(theirs), RowMark::kReference);
      if (!row.contains("cell") && !row.contains("encoder")) continue;
      std::vector<TableCell> ours = {text_cell(our_words(record, row))};
      for (const Json& column : paper.at("columns")) ours.push_back(our_cell(input, record, row, column, digits));
      table.add(std::move(ours));
    }
    return table;
  }
};

EMF_REGISTER(SectionRegistry, "paper", "The paper's tables in its own layout, ours beneath theirs",
             std::make_unique<Paper>);

}  // namespace
}  // namespace emf
