// SPDX-License-Identifier: Apache-2.0
// How straight the paths from noise to picture are: what few steps of a sampler miss.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/blocks/cells.h"
#include "reports/blocks/line_plot.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// One encoder and objective over its seeds.
struct Paths {
  std::vector<double> straightness;
  std::map<double, std::vector<double>> gap;  // by t
};

using Rows = std::map<std::pair<std::string, std::string>, Paths>;

class Trajectories : public Section {
 public:
  std::string title(const SectionInput&) const override { return "How straight the paths are"; }
  int order() const override { return 32; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    Rows rows;
    int64_t steps = 0, pictures = 0;
    for (const Json& row : input.result.value("trajectories", Json::array())) {
      if (row.at("straightness").is_null()) continue;
      Paths& paths = rows[{row.at("encoder"), row.at("objective")}];
      paths.straightness.push_back(row.at("straightness"));
      for (const Json& point : row.at("gap")) paths.gap[point[0]].push_back(point[1]);
      steps = row.at("steps");
      pictures = row.at("pictures");
    }
    if (rows.empty()) return {};
    Table table{"Mean over seeds",
                {{"Encoder"}, {"Objective"}, {"Straightness", true, false, false, true}, {"Seeds", true}}};
    PlotGroup group{{}, objective_legend(record), {"", {{"Encoder"}, {"Objective"}, {"t", true}, {"Gap", true}}}};
    for (const std::string& encoder : record.encoder_names()) {
      Json values = Json::array();
      for (const std::string& objective : record.objectives()) {
        const auto found = rows.find({encoder, objective});
        if (found == rows.end()) continue;
        add_row(record, encoder, objective, found->second, table);
        add_points(record, encoder, objective, found->second, values, group.values);
      }
      if (!values.empty()) group.panels.push_back(panel(record, encoder, values));
    }
    return {Paragraph{fmt::format(
                "The sampler's paths in {} steps, of {} prompts a seed. Straightness is the mean square of the "
                "velocity about the "
                "straight line from noise to picture, as a share of the line's own: 0 where one step paints what many "
                "do. The gap at t "
                "is how far the velocity at that instant is from the mean velocity of the rest of the way, likewise.",
                steps, pictures)},
            std::move(table), std::move(group)};
  }

 private:
  static void add_row(const Record& record, const std::string& encoder, const std::string& objective,
                      const Paths& paths, Table& table) {
    std::optional<Interval> spread;
    if (paths.straightness.size() > 1) spread = t_interval(paths.straightness);
    table.add({text_cell(record.names().encoder(encoder)), text_cell(record.names().objective(objective)),
               score_cell(mean(paths.straightness), spread, 3),
               count_cell(static_cast<int64_t>(paths.straightness.size()))});
  }

  static void add_points(const Record& record, const std::string& encoder, const std::string& objective,
                         const Paths& paths, Json& values, Table& table) {
    for (const auto& [t, gaps] : paths.gap) {
      const double gap = mean(gaps);
      values.push_back({{"series", record.names().objective(objective)}, {"x", t}, {"y", gap}});
      table.add({text_cell(record.names().encoder(encoder)), text_cell(record.names().objective(objective)),
                 number_cell(format_number(t, 3), t), number_cell(format_number(gap, 4), gap)});
    }
  }

  static Plot panel(const Record& record, const std::string& encoder, const Json& values) {
    const std::string words = record.names().encoder(encoder);
    const Json x = {{"title", "t, from picture (0) to noise (1)"}, {"axis", {{"grid", false}}}},
               y = {{"title", "Gap to the mean velocity"}};
    return {words,
            fmt::format("Gap between the velocity at an instant and that of the rest of the way against t for {}; the "
                        "values are in the "
                        "table below",
                        words),
            line_spec(record, values, x, y)};
  }
};

EMF_REGISTER(SectionRegistry, "trajectories", "Straightness of the sampler's paths, and the gap along them",
             std::make_unique<Trajectories>);

}  // namespace
}  // namespace emf
