// The residual of every objective while it trained.
#include <fmt/format.h>

#include "reports/writers/plot.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

class TrainingCurves : public Section {
 public:
  std::string title() const override { return "Training curves"; }
  int order() const override { return 100; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    const Json curves = input.result.value("curves", Json::array());
    Table table("", {{"Encoder"},
                     {"Objective"},
                     {"Seed", true},
                     {"Points", true},
                     {"First residual", true},
                     {"Last residual", true}});
    std::vector<Plot> plots;
    for (const std::string& encoder : record.encoders()) {
      const Json values = points(curves, encoder, table);
      if (values.empty()) continue;
      const Json x = {{"title", "Pictures seen"}, {"axis", {{"grid", false}, {"format", "~s"}, {"tickCount", 5}}}};
      const Json y = {{"title", "Residual"},
                      {"scale", {{"type", "log"}, {"nice", true}}},
                      {"axis", {{"tickCount", 5}, {"format", "~g"}}}};
      Json spec = line_spec(record, values, x, y);
      spec["layer"].erase(1);  // marks on every point would hide the lines
      plots.push_back(
          {encoder_words(encoder), "Training residual against pictures seen for " + encoder_words(encoder), spec});
    }
    if (plots.empty()) return "";
    return paragraph(
               "Mean squared residual before weighting, logarithmic, first seed. Objectives regress "
               "different targets, so their heights are not "
               "comparable; MeanFlow's curve begins with its flow-matching half.") +
           plot_group(plots, &record, table);
  }

 private:
  static Json points(const Json& curves, const std::string& encoder, Table& table) {
    Json values = Json::array();
    std::vector<std::string> drawn;
    for (const Json& curve : curves) {
      if (curve.at("encoder") != encoder || curve.at("points").empty()) continue;
      const std::string objective = curve.at("objective");
      const Json& line = curve.at("points");
      table.add({text_cell(encoder_words(encoder)), text_cell(objective_words(objective)), count_cell(curve.at("seed")),
                 count_cell(static_cast<int64_t>(line.size())), score_cell(line.front().at(1), {}, 4),
                 score_cell(line.back().at(1), {}, 4)});
      if (std::find(drawn.begin(), drawn.end(), objective) != drawn.end()) continue;
      drawn.push_back(objective);
      for (const Json& point : line) {
        if (point.at(1).get<double>() <= 0) continue;
        values.push_back({{"series", objective_words(objective)}, {"x", point.at(0)}, {"y", point.at(1)}});
      }
    }
    return values;
  }
};

EMF_REGISTER(SectionRegistry, "training_curves", "Plot of training residuals", std::make_unique<TrainingCurves>);

}  // namespace
}  // namespace emf
