// SPDX-License-Identifier: Apache-2.0
// The residual of every objective while it trained.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/blocks/line_plot.h"
#include "reports/record/encoder_key.h"

namespace emf {
namespace {

/// A sentence for each objective whose first pictures were spent on another one's training.
std::string starts(const SectionInput& input, const Record& record) {
  const Json budgets = input.result.value("budgets", Json::array());
  std::string text;
  for (const std::string& objective : record.objectives()) {
    const std::string from = record.names().starts_from(objective);
    const bool spent = std::any_of(budgets.begin(), budgets.end(), [&](const Json& budget) {
      return budget.at("objective") == objective && budget.at("pretraining_pictures") > 0;
    });
    if (from.empty() || !spent) continue;
    text += fmt::format(" The curve of {} begins with what it starts from: {}.", record.names().objective(objective),
                        record.names().objective(from));
  }
  return text;
}

class TrainingCurves : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Training curves"; }
  int order() const override { return 100; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const Json curves = input.result.value("curves", Json::array());
    PlotGroup group{{}, objective_legend(record), {}};
    group.values.columns = {{"Encoder"},
                            {"Objective"},
                            {"Seed", true},
                            {"Points", true},
                            {"First residual", true},
                            {"Last residual", true}};
    for (const std::string& encoder : record.encoder_names()) {
      const Json values = points(record.names(), curves, encoder, group.values);
      if (values.empty()) continue;
      const Json x = {{"title", "Pictures seen"}, {"axis", {{"grid", false}, {"format", "~s"}, {"tickCount", 5}}}};
      const Json y = {{"title", "Residual"},
                      {"scale", {{"type", "log"}, {"nice", true}}},
                      {"axis", {{"tickCount", 5}, {"format", "~g"}}}};
      Json spec = line_spec(record, values, x, y);
      spec["layer"].erase(1);  // marks on every point would hide the lines
      const std::string words = record.names().encoder(encoder);
      group.panels.push_back({words, "Training residual against pictures seen for " + words, spec});
    }
    if (group.panels.empty()) return {};
    return {Paragraph{"Mean squared residual before weighting, logarithmic, first seed. Objectives regress different "
                      "targets, so their heights are not comparable." +
                      starts(input, record)},
            std::move(group)};
  }

 private:
  static Json points(const Names& names, const Json& curves, const std::string& encoder, Table& table) {
    Json values = Json::array();
    std::vector<std::string> drawn;
    for (const Json& curve : curves) {
      if (curve.at("encoder") != encoder || curve.at("points").empty() || is_checkpoint(curve)) continue;
      const std::string objective = curve.at("objective");
      const Json& line = curve.at("points");
      table.add({text_cell(names.encoder(encoder)), text_cell(names.objective(objective)), count_cell(curve.at("seed")),
                 count_cell(static_cast<int64_t>(line.size())), score_cell(line.front().at(1), {}, 4),
                 score_cell(line.back().at(1), {}, 4)});
      if (std::find(drawn.begin(), drawn.end(), objective) != drawn.end()) continue;
      drawn.push_back(objective);
      for (const Json& point : line) {
        if (point.at(1).get<double>() <= 0) continue;
        values.push_back({{"series", names.objective(objective)}, {"x", point.at(0)}, {"y", point.at(1)}});
      }
    }
    return values;
  }
};

EMF_REGISTER(SectionRegistry, "training_curves", "Plot of training residuals", std::make_unique<TrainingCurves>);

}  // namespace
}  // namespace emf
