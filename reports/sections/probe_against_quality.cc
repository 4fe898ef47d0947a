// SPDX-License-Identifier: Apache-2.0
// Does a probe foretell few-step quality? One point an encoder.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/record/encoder_key.h"

namespace emf {
namespace {

struct Panel {
  std::string probe, mode;  ///< the probe's title and its mode
  Json values = Json::array();
};

Json channel(const char* field, const std::string& title) {
  return {{"field", field},
          {"type", "quantitative"},
          {"title", title},
          {"scale", {{"zero", false}, {"nice", true}, {"padding", 14}}},
          {"axis", {{"tickCount", 4}}}};
}

/// Points with crossed intervals, each labelled by its encoder.
/// @param share  of the metric: its axis then starts at zero, whatever the values.
Json scatter_spec(const Panel& panel, const std::string& metric, bool share, const std::string& y_title,
                  const std::string& color) {
  const Json x = channel("x", fmt::format("{}, {}", panel.probe, panel.mode));
  Json y = channel("y", y_title);
  if (share) y["scale"] = {{"domainMin", 0}, {"nice", true}};
  const Json rule = {{"type", "rule"}, {"color", "currentColor"}, {"opacity", 0.45}};
  const auto bound = [](const char* field) { return Json{{"field", field}}; };
  const auto low = [](Json axis, const char* field) {
    axis["field"] = field;
    return axis;
  };
  const Json tooltip = Json::array({{{"field", "label"}, {"type", "nominal"}, {"title", "Encoder"}},
                                    {{"field", "x"}, {"type", "quantitative"}, {"title", "Probe"}, {"format", ".3f"}},
                                    {{"field", "y"}, {"type", "quantitative"}, {"title", metric}, {"format", ".3f"}}});
  return {
      {"data", {{"values", panel.values}}},
      {"layer",
       Json::array({{{"mark", rule}, {"encoding", {{"x", low(x, "x_low")}, {"x2", bound("x_high")}, {"y", y}}}},
                    {{"mark", rule}, {"encoding", {{"x", x}, {"y", low(y, "y_low")}, {"y2", bound("y_high")}}}},
                    {{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}, {"color", color}}},
                     {"encoding", {{"x", x}, {"y", y}, {"tooltip", tooltip}}}},
                    {{"mark", {{"type", "text"}, {"dy", -12}, {"color", "currentColor"}}},
                     {"encoding", {{"x", x}, {"y", y}, {"text", {{"field", "label"}, {"type", "nominal"}}}}}}})}};
}

class ProbeAgainstQuality : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Probe score against few-step score"; }
  int order() const override { return 90; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const Json probes = input.result.value("probes", Json::array());
    if (probes.empty() || record.steps().empty()) return {};
    const Names& names = record.names();
    const std::string& objective = record.main_objective();
    const std::string metric = names.metric(record.main_metric());
    const int64_t steps = record.steps().front();
    PlotGroup group;
    group.values.columns = {
        {"Probe"}, {"Mode"}, {"Encoder"}, {"Probe score", true}, metric_column(names, record.main_metric())};
    std::vector<Panel> panels;
    for (const char* mode : {"raw", "centred"}) {
      for (const Json& probe : probes) {
        for (const std::string& encoder : record.encoders()) {
          if (split_encoder_key(encoder).first != probe.at("encoder")) continue;
          add_point(record, probe, mode, encoder, record.find(encoder, objective, steps, record.main_metric()), panels,
                    group.values);
        }
      }
    }
    const std::string y_title = fmt::format("{}, {}, {}", metric, names.objective(objective), steps_words(steps));
    const std::string color = main_color(record);
    for (const Panel& panel : panels) {
      const std::string title = fmt::format("{}, {}", panel.probe, panel.mode);
      group.panels.push_back(
          {title, title + " against " + y_title + ", one point an encoder; the values are in the table below",
           scatter_spec(panel, metric, record.is_share(record.main_metric()), y_title, color)});
    }
    if (group.panels.empty()) return {};
    return {
        Paragraph{fmt::format("One point an encoder, bars are 95 % intervals; {}. With {} encoders no correlation is "
                              "computed: so few points fit almost any line.{}",
                              y_title, record.encoders().size(), lower_words(names, record.main_metric()))},
        std::move(group)};
  }

 private:
  static std::string main_color(const Record& record) {
    for (size_t i = 0; i < record.objectives().size(); ++i) {
      if (record.objectives()[i] == record.main_objective())
        return record.names().style(record.main_objective(), i).color;
    }
    return "currentColor";
  }

  static void add_point(const Record& record, const Json& probe, const std::string& mode, const std::string& encoder,
                        const Score* quality, std::vector<Panel>& panels, Table& table) {
    const auto found = probe.at("modes").find(mode);
    if (found == probe.at("modes").end() || found->at("value").is_null() || quality == nullptr || !quality->value)
      return;
    const std::string name = record.names().probe_title(probe), words = record.names().encoder(encoder);
    auto panel = std::find_if(panels.begin(), panels.end(),
                              [&](const Panel& other) { return other.probe == name && other.mode == mode; });
    if (panel == panels.end()) panel = panels.insert(panels.end(), {name, mode, Json::array()});
    const std::optional<Interval> ci95 = interval_of(*found);
    const double x = found->at("value"), y = *quality->value;
    const Interval across = ci95.value_or(Interval{x, x}), along = quality->ci95.value_or(Interval{y, y});
    panel->values.push_back({{"label", words},
                             {"x", x},
                             {"x_low", across[0]},
                             {"x_high", across[1]},
                             {"y", y},
                             {"y_low", along[0]},
                             {"y_high", along[1]}});
    const int digits = std::max(3, record.digits(record.main_metric()));
    table.add({text_cell(name), text_cell(record.names().mode(mode)), text_cell(words), score_cell(x, ci95, 3),
               score_cell(y, quality->ci95, digits)});
  }
};

EMF_REGISTER(SectionRegistry, "probe_against_quality", "Plot of probe scores against few-step quality",
             std::make_unique<ProbeAgainstQuality>);

}  // namespace
}  // namespace emf
