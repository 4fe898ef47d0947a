// SPDX-License-Identifier: Apache-2.0
// How the share of facts that pictures show falls with their number: one panel an encoder and step count.
#include <fmt/format.h>

#include <set>

#include "reports/blocks/cells.h"
#include "reports/blocks/line_plot.h"
#include "reports/blocks/metric_table.h"
#include "reports/record/format.h"

namespace emf {
namespace {

class Facts : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Facts shown, by their number"; }
  int order() const override { return 59; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    std::vector<Block> blocks = {Paragraph{
        "Captions of few and of many facts, each asked by itself (GenEval 2's means): in the plots the share of facts "
        "that a picture shows; in the table also the share of pictures that show every one. Bands are 95 % intervals "
        "over captions."}};
    for (const std::string& metric : metrics_of_plugin(record, "tifa")) {
      PlotGroup group = curves(record, metric);
      if (!group.panels.empty()) blocks.push_back(std::move(group));
    }
    if (blocks.size() == 1) blocks.clear();
    return blocks;
  }

 private:
  /// Two digits, so that names stand in the order of their numbers.
  static std::string part(const std::string& metric, const char* kind, int64_t facts) {
    return fmt::format("{}/{}_{:02}", metric, kind, facts);
  }

  static PlotGroup curves(const Record& record, const std::string& metric) {
    PlotGroup group{
        {},
        objective_legend(record),
        {"", {{"Encoder"}, {"Objective"}, {"Steps", true}, {"Facts", true}, {"Shown", true}, {"All", true}}}};
    if (record.steps().empty()) return group;
    // The ends of what was painted: few-step generators are asked whether they keep up with many steps.
    const std::set<int64_t> ends = {record.steps().front(), record.steps().back()};
    for (const std::string& encoder : record.encoders()) {
      for (const int64_t steps : ends) {
        const Json values = points(record, metric, encoder, steps, group.values);
        if (values.empty()) continue;
        const std::string words =
            fmt::format("{}, {} {}", record.names().encoder(encoder), steps, steps == 1 ? "step" : "steps");
        const Json x = {{"title", "Facts in the caption"},
                        {"axis", {{"format", "d"}, {"grid", false}, {"tickMinStep", 1}}}};
        group.panels.push_back(
            {words,
             fmt::format("Share of facts shown against their number for {}; the values are in the table below", words),
             line_spec(record, values, x, metric_axis(record, metric))});
      }
    }
    return group;
  }

  static Json points(const Record& record, const std::string& metric, const std::string& encoder, int64_t steps,
                     Table& table) {
    constexpr int64_t kMostFacts = 99;
    Json values = Json::array();
    for (const std::string& objective : record.objectives()) {
      for (int64_t facts = 1; facts <= kMostFacts; ++facts) {
        const Score* shown = record.find(encoder, objective, steps, part(metric, "facts", facts));
        if (shown == nullptr || !shown->value) continue;
        const Interval band = shown->ci95.value_or(Interval{*shown->value, *shown->value});
        values.push_back({{"series", record.names().objective(objective)},
                          {"x", facts},
                          {"y", *shown->value},
                          {"low", band[0]},
                          {"high", band[1]}});
        const Score* all = record.find(encoder, objective, steps, part(metric, "all_facts", facts));
        table.add({text_cell(record.names().encoder(encoder)), text_cell(record.names().objective(objective)),
                   count_cell(steps), count_cell(facts), score_cell(*shown->value, shown->ci95, 3),
                   all != nullptr && all->value ? score_cell(*all->value, all->ci95, 3) : text_cell("")});
      }
    }
    return values;
  }
};

EMF_REGISTER(SectionRegistry, "facts", "Share of facts shown against their number", std::make_unique<Facts>);

}  // namespace
}  // namespace emf
