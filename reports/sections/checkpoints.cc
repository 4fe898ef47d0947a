// SPDX-License-Identifier: Apache-2.0
// The score while training went on: checkpoints that a suite scored before the end.
#include <fmt/format.h>

#include <set>

#include "reports/blocks/cells.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// "24,576" where all finished rows saw as many pictures, else "at the end".
std::string end_words(const Json& budgets) {
  std::set<int64_t> pictures;
  for (const Json& budget : budgets) {
    if (!is_checkpoint(budget)) pictures.insert(budget.at("pictures").get<int64_t>());
  }
  return pictures.size() == 1 ? format_count(*pictures.begin()) : "at the end";
}

class Checkpoints : public Section {
 public:
  std::string title(const SectionInput& input) const override {
    const Names names(input.result);
    return names.metric(names.main_metric()) + " against pictures seen";
  }
  int order() const override { return 45; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const std::string& metric = record.main_metric();
    if (record.checkpoints().empty()) return {};
    Table table{"", {{"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}}, true};
    for (const int64_t pictures : record.checkpoints()) {
      table.columns.push_back(metric_column(record.names(), metric, format_count(pictures)));
    }
    table.columns.push_back(
        metric_column(record.names(), metric, end_words(input.result.value("budgets", Json::array()))));
    for (const std::string& encoder : record.encoder_names()) {
      for (const std::string& objective : record.objectives()) {
        for (const int64_t steps : record.steps()) add_row(record, encoder, objective, steps, table);
      }
    }
    if (table.empty()) return {};
    return {Paragraph{fmt::format("{}, 95 % interval beneath, after so many training pictures; the last column is the "
                                  "finished row.{}",
                                  record.names().metric(metric), lower_words(record.names(), metric))},
            std::move(table)};
  }

 private:
  static void add_row(const Record& record, const std::string& encoder, const std::string& objective, int64_t steps,
                      Table& table) {
    const std::string& metric = record.main_metric();
    std::vector<TableCell> cells = {text_cell(record.names().encoder(encoder)),
                                    text_cell(record.names().objective(objective)), count_cell(steps)};
    bool any = false;
    for (const int64_t pictures : record.checkpoints()) {
      const Score* score = record.find_checkpoint(encoder, objective, steps, pictures, metric);
      any = any || score != nullptr;
      cells.push_back(score_cell(score, "not scored then", record.digits(metric)));
    }
    cells.push_back(score_cell(record.find(encoder, objective, steps, metric), "not scored", record.digits(metric)));
    if (any) table.add(std::move(cells));
  }
};

EMF_REGISTER(SectionRegistry, "checkpoints", "Table of the main metric against pictures seen",
             std::make_unique<Checkpoints>);

}  // namespace
}  // namespace emf
