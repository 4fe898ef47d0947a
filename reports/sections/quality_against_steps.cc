// SPDX-License-Identifier: Apache-2.0
// The main metric against the number of sampling steps, one panel an encoder.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/blocks/line_plot.h"
#include "reports/record/format.h"

namespace emf {
namespace {

class QualityAgainstSteps : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Quality against steps"; }
  int order() const override { return 30; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    if (!record.has_metric(record.main_metric()) || record.steps().empty()) return {};
    PlotGroup group{{}, objective_legend(record), {"", {{"Encoder"}, {"Objective"}, {"Steps", true}}}};
    group.values.columns.push_back(metric_column(record.names(), record.main_metric()));
    for (const std::string& encoder : record.encoders()) {
      const Json values = points(record, encoder, group.values);
      if (!values.empty()) group.panels.push_back(panel(record, encoder, values));
    }
    if (group.panels.empty()) return {};
    return {Paragraph{std::string("One panel an encoder; bands are 95 % intervals. The step axis is logarithmic.") +
                      lower_words(record.names(), record.main_metric())},
            std::move(group)};
  }

 private:
  static Json points(const Record& record, const std::string& encoder, Table& table) {
    Json values = Json::array();
    const int digits = std::max(3, record.digits(record.main_metric()));
    for (const std::string& objective : record.objectives()) {
      for (const int64_t steps : record.steps()) {
        const Score* score = record.find(encoder, objective, steps, record.main_metric());
        if (score == nullptr || !score->value) continue;
        const Interval band = score->ci95.value_or(Interval{*score->value, *score->value});
        values.push_back({{"series", record.names().objective(objective)},
                          {"x", steps},
                          {"y", *score->value},
                          {"low", band[0]},
                          {"high", band[1]}});
        table.add({text_cell(record.names().encoder(encoder)), text_cell(record.names().objective(objective)),
                   count_cell(steps), score_cell(*score->value, score->ci95, digits)});
      }
    }
    return values;
  }

  static Plot panel(const Record& record, const std::string& encoder, const Json& values) {
    const Json x = {{"title", "Sampling steps"},
                    {"scale", {{"type", "log"}, {"base", 2}, {"nice", false}, {"padding", 12}}},
                    {"axis", {{"values", record.steps()}, {"format", "d"}, {"grid", false}, {"labelOverlap", true}}}};
    Json rules = Json::array();
    if (const Score* ceiling = record.reference("ceiling", record.main_metric())) {
      const int digits = record.digits(record.main_metric());
      rules.push_back({{"y", *ceiling->value}, {"label", "ceiling " + format_number(*ceiling->value, digits)}});
    }
    const std::string words = record.names().encoder(encoder);
    return {words,
            fmt::format("{} against sampling steps for {}; the values are in the table below",
                        record.names().metric(record.main_metric()), words),
            line_spec(record, values, x, metric_axis(record, record.main_metric()), rules)};
  }
};

EMF_REGISTER(SectionRegistry, "quality_against_steps", "Plot of the main metric against sampling steps",
             std::make_unique<QualityAgainstSteps>);

}  // namespace
}  // namespace emf
