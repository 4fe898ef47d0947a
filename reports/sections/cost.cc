// SPDX-License-Identifier: Apache-2.0
// What a picture costs against how good it is.
#include <fmt/format.h>

#include "reports/blocks/cells.h"
#include "reports/blocks/line_plot.h"
#include "reports/record/format.h"

namespace emf {
namespace {

class Cost : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Quality against cost"; }
  int order() const override { return 40; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const std::string metric = record.names().metric(record.main_metric());
    const bool timed = record.has_metric("seconds_per_picture");
    if (!timed && !record.has_metric("network_evaluations")) return {};
    PlotGroup group{{}, objective_legend(record), {}};
    group.values.columns = {{"Encoder"},
                            {"Objective"},
                            {"Steps", true},
                            metric_column(record.names(), "network_evaluations", "Network evaluations"),
                            metric_column(record.names(), "seconds_per_picture", "Time a picture"),
                            metric_column(record.names(), record.main_metric())};
    for (const std::string& encoder : record.encoders()) {
      Json values = Json::array();
      for (const std::string& objective : record.objectives()) {
        for (const int64_t steps : record.steps())
          add_point(record, encoder, objective, steps, timed, values, group.values);
      }
      if (values.empty()) continue;
      const Json x = {{"title", timed ? "Milliseconds a picture" : "Network evaluations a picture"},
                      {"scale", {{"type", "log"}, {"nice", false}, {"padding", 12}}},
                      {"axis", {{"grid", false}, {"tickCount", 5}, {"labelOverlap", true}, {"format", "~g"}}}};
      const std::string words = record.names().encoder(encoder);
      group.panels.push_back(
          {words,
           fmt::format("{} against the cost of a picture for {}; the values are in the table below", metric, words),
           line_spec(record, values, x, metric_axis(record, record.main_metric()))});
    }
    if (group.panels.empty()) return {};
    const std::string words =
        timed ? "Wall time of sampling on the machine named under Provenance, text features cached and decoding left "
                "out; logarithmic axis. Marks along a line are the step counts. A step with guidance evaluates the "
                "network twice."
              : "Network evaluations a picture (a step with guidance counts two); logarithmic axis.";
    return {Paragraph{words + lower_words(record.names(), record.main_metric())}, std::move(group)};
  }

 private:
  static void add_point(const Record& record, const std::string& encoder, const std::string& objective, int64_t steps,
                        bool timed, Json& values, Table& table) {
    const Score* quality = record.find(encoder, objective, steps, record.main_metric());
    const Score* seconds = record.find(encoder, objective, steps, "seconds_per_picture");
    const Score* evaluations = record.find(encoder, objective, steps, "network_evaluations");
    if (quality == nullptr || !quality->value) return;
    const auto known = [](const Score* score) { return score != nullptr && score->value; };
    const int digits = std::max(3, record.digits(record.main_metric()));
    table.add(
        {text_cell(record.names().encoder(encoder)), text_cell(record.names().objective(objective)), count_cell(steps),
         score_cell(evaluations, "not recorded", 0),
         known(seconds) ? number_cell(format_seconds(*seconds->value), *seconds->value) : absent_cell("not recorded"),
         score_cell(*quality->value, quality->ci95, digits)});
    const Score* cost = timed ? seconds : evaluations;
    if (!known(cost) || *cost->value <= 0) return;  // a logarithmic axis has no zero
    values.push_back({{"series", record.names().objective(objective)},
                      {"x", *cost->value * (timed ? 1e3 : 1)},
                      {"y", *quality->value}});
  }
};

EMF_REGISTER(SectionRegistry, "cost", "Plot of the main metric against seconds or network evaluations a picture",
             std::make_unique<Cost>);

}  // namespace
}  // namespace emf
