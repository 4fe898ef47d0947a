// SPDX-License-Identifier: Apache-2.0
// What each row was given: pictures, arithmetic, parameters, time.
#include <fmt/format.h>

#include <set>

#include "reports/blocks/cells.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"

namespace emf {
namespace {

std::optional<double> training_seconds(const Json& provenance, const Json& budget) {
  for (const Json& row : provenance.value("training_seconds", Json::array())) {
    bool same = encoder_key(row) == encoder_key(budget);
    for (const char* key : {"objective", "seed"}) same = same && row.at(key) == budget.at(key);
    if (same) return row.at("value").get<double>();
  }
  return std::nullopt;
}

class Budgets : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Budgets"; }
  int order() const override { return 110; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const bool timed = !input.provenance.value("training_seconds", Json::array()).empty();
    Table table{"",
                {{"Encoder"},
                 {"Objective"},
                 {"Seed", true},
                 {"Pictures", true},
                 {"of them pretraining", true},
                 {"FLOP", true},
                 {"Parameters", true}}};
    if (timed) table.columns.push_back({"Training time", true});
    std::set<int64_t> pictures;
    bool checkpoints = false;
    for (const Json& budget : input.result.value("budgets", Json::array())) {
      if (!record.is_shown(budget)) continue;
      pictures.insert(budget.at("pictures").get<int64_t>());
      checkpoints = checkpoints || is_checkpoint(budget);
      const double flops = budget.at("flops");
      std::vector<TableCell> cells = {text_cell(record.names().encoder(encoder_key(budget))),
                                      text_cell(record.names().objective(budget.at("objective"))),
                                      count_cell(budget.at("seed")),
                                      count_cell(budget.at("pictures")),
                                      count_cell(budget.at("pretraining_pictures")),
                                      number_cell(format_si(flops), flops),
                                      count_cell(budget.at("parameters"))};
      if (timed) {
        const auto seconds = training_seconds(input.provenance, budget);
        cells.push_back(seconds ? number_cell(format_seconds(*seconds), *seconds) : absent_cell("not recorded"));
      }
      table.add(std::move(cells));
    }
    if (table.empty()) return {};
    std::vector<Block> blocks;
    // Checkpoints are meant to have seen different numbers of pictures.
    if (!checkpoints) blocks.push_back(check_of(pictures, table.rows.size()));
    blocks.push_back(Paragraph{"FLOP counts matrix products of forward, backward and tangent passes.", Tone::kNote});
    blocks.push_back(std::move(table));
    return blocks;
  }

 private:
  static Paragraph check_of(const std::set<int64_t>& pictures, size_t rows) {
    if (pictures.size() == 1) {
      return {fmt::format("\u2713 All {} rows were shown the same number of pictures, {}, pretraining included.", rows,
                          format_count(*pictures.begin()))};
    }
    return {fmt::format("\u2717 Rows were shown between {} and {} pictures: they are not on equal terms.",
                        format_count(*pictures.begin()), format_count(*pictures.rbegin())),
            Tone::kNotice};
  }
};

EMF_REGISTER(SectionRegistry, "budgets", "Table of pictures, FLOP, parameters and training time",
             std::make_unique<Budgets>);

}  // namespace
}  // namespace emf
