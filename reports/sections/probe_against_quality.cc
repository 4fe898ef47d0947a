// Does a probe foretell few-step quality? One point an encoder.
#include <fmt/format.h>

#include "reports/writers/plot.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

struct Panel {
  std::string probe, mode;  ///< probe_title() and mode
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
Json scatter_spec(const Panel& panel, const std::string& y_title) {
  const Json x = channel("x", fmt::format("{}, {}", panel.probe, panel.mode));
  Json y = channel("y", y_title);
  y["scale"] = {{"domainMin", 0}, {"nice", true}};
  const Json rule = {{"type", "rule"}, {"color", "currentColor"}, {"opacity", 0.45}};
  const auto bound = [](const char* field) { return Json{{"field", field}}; };
  const auto low = [](Json axis, const char* field) {
    axis["field"] = field;
    return axis;
  };
  const Json tooltip =
      Json::array({{{"field", "label"}, {"type", "nominal"}, {"title", "Encoder"}},
                   {{"field", "x"}, {"type", "quantitative"}, {"title", "Probe"}, {"format", ".3f"}},
                   {{"field", "y"}, {"type", "quantitative"}, {"title", "GenEval"}, {"format", ".3f"}}});
  return {{"data", {{"values", panel.values}}},
          {"layer",
           Json::array(
               {{{"mark", rule}, {"encoding", {{"x", low(x, "x_low")}, {"x2", bound("x_high")}, {"y", y}}}},
                {{"mark", rule}, {"encoding", {{"x", x}, {"y", low(y, "y_low")}, {"y2", bound("y_high")}}}},
                {{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}, {"color", "#d55e00"}}},
                 {"encoding", {{"x", x}, {"y", y}, {"tooltip", tooltip}}}},
                {{"mark", {{"type", "text"}, {"dy", -12}, {"color", "currentColor"}}},
                 {"encoding", {{"x", x}, {"y", y}, {"text", {{"field", "label"}, {"type", "nominal"}}}}}}})}};
}

class ProbeAgainstQuality : public Section {
 public:
  std::string title() const override { return "Probe score against few-step score"; }
  int order() const override { return 90; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    const Json probes = input.result.value("probes", Json::array());
    if (probes.empty() || record.steps().empty()) return "";
    const std::string objective = record.few_step_objective();
    const int64_t steps = record.steps().front();
    Table table("", {{"Probe"}, {"Mode"}, {"Encoder"}, {"Probe score", true}, {"GenEval", true}});
    std::vector<Panel> panels;
    for (const char* mode : {"raw", "centred"}) {
      for (const Json& probe : probes) {
        add_point(probe, mode, record.find(probe.at("encoder"), objective, steps, "geneval"), panels, table);
      }
    }
    std::vector<Plot> plots;
    const std::string y_title = fmt::format("GenEval, {}, {}", objective_words(objective), steps_words(steps));
    for (const Panel& panel : panels) {
      const std::string title = fmt::format("{}, {}", panel.probe, panel.mode);
      plots.push_back({title,
                       title + " against " + y_title + ", one point an encoder; the values are in the table below",
                       scatter_spec(panel, y_title)});
    }
    if (plots.empty()) return "";
    return paragraph(fmt::format("One point an encoder, bars are 95 % intervals; {}. With {} encoders no "
                                 "correlation is computed: so few points "
                                 "fit almost any line.",
                                 y_title, record.encoders().size())) +
           plot_group(plots, nullptr, table);
  }

 private:
  static void add_point(const Json& probe, const std::string& mode, const Score* quality, std::vector<Panel>& panels,
                        Table& table) {
    const auto found = probe.at("modes").find(mode);
    if (found == probe.at("modes").end() || found->at("value").is_null() || quality == nullptr || !quality->value)
      return;
    const std::string name = probe_title(probe);
    if (panels.empty() || panels.back().mode != mode || panels.back().probe != name) {
      bool known = false;
      for (Panel& panel : panels) known = known || (panel.probe == name && panel.mode == mode);
      if (!known) panels.push_back({name, mode, Json::array()});
    }
    std::optional<Interval> ci95;
    if (!found->at("ci95").is_null()) ci95 = Interval{found->at("ci95").at(0), found->at("ci95").at(1)};
    const double x = found->at("value"), y = *quality->value;
    const Interval across = ci95.value_or(Interval{x, x}), along = quality->ci95.value_or(Interval{y, y});
    for (Panel& panel : panels) {
      if (panel.probe != name || panel.mode != mode) continue;
      panel.values.push_back({{"label", encoder_words(probe.at("encoder"))},
                              {"x", x},
                              {"x_low", across[0]},
                              {"x_high", across[1]},
                              {"y", y},
                              {"y_low", along[0]},
                              {"y_high", along[1]}});
    }
    table.add({text_cell(name), text_cell(mode_words(mode)), text_cell(encoder_words(probe.at("encoder"))),
               score_cell(x, ci95, 3), score_cell(y, quality->ci95, 3)});
  }
};

EMF_REGISTER(SectionRegistry, "probe_against_quality", "Plot of probe scores against few-step GenEval",
             std::make_unique<ProbeAgainstQuality>);

}  // namespace
}  // namespace emf
