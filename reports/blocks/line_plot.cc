// SPDX-License-Identifier: Apache-2.0
#include "reports/blocks/line_plot.h"

namespace emf {

std::vector<std::pair<std::string, SeriesStyle>> objective_legend(const Record& record) {
  std::vector<std::pair<std::string, SeriesStyle>> legend;
  for (size_t i = 0; i < record.objectives().size(); ++i) {
    const std::string& name = record.objectives()[i];
    legend.emplace_back(record.names().objective(name), record.names().style(name, i));
  }
  return legend;
}

Json metric_axis(const Record& record, const std::string& metric) {
  const Json scale = record.is_share(metric) ? Json{{"domain", {0, 1}}} : Json{{"zero", false}, {"nice", true}};
  return {{"title", record.names().metric(metric)}, {"scale", scale}, {"axis", {{"tickCount", 5}}}};
}

Json line_spec(const Record& record, const Json& values, Json x, Json y, const Json& rules) {
  Json names = Json::array(), colors = Json::array(), dashes = Json::array(), marks = Json::array();
  for (const auto& [name, style] : objective_legend(record)) {
    names.push_back(name);
    colors.push_back(style.color);
    dashes.push_back(style.dash.empty() ? Json{1, 0} : Json(style.dash));
    marks.push_back(style.mark);
  }
  x["field"] = "x";
  x["type"] = "quantitative";
  y["field"] = "y";
  y["type"] = "quantitative";
  const auto series = [&](const Json& range) {
    return Json{{"field", "series"},
                {"type", "nominal"},
                {"legend", nullptr},
                {"scale", {{"domain", names}, {"range", range}}}};
  };
  Json tooltip = Json::array({{{"field", "series"}, {"type", "nominal"}, {"title", "Objective"}},
                              {{"field", "x"}, {"type", "quantitative"}, {"title", x["title"]}, {"format", ".4~g"}},
                              {{"field", "y"}, {"type", "quantitative"}, {"title", y["title"]}, {"format", ".3~g"}}});
  Json layers = Json::array();
  const bool has_band = !values.empty() && values[0].contains("low");
  if (has_band) {
    tooltip.push_back({{"field", "low"}, {"type", "quantitative"}, {"title", "95 % from"}, {"format", ".3~g"}});
    tooltip.push_back({{"field", "high"}, {"type", "quantitative"}, {"title", "to"}, {"format", ".3~g"}});
    layers.push_back({{"mark", {{"type", "area"}, {"opacity", 0.16}, {"line", false}}},
                      {"encoding",
                       {{"x", x},
                        {"y", {{"field", "low"}, {"type", "quantitative"}, {"title", y["title"]}}},
                        {"y2", {{"field", "high"}}},
                        {"color", series(colors)}}}});
  }
  layers.push_back({{"mark", {{"type", "line"}, {"strokeWidth", 2}}},
                    {"encoding", {{"x", x}, {"y", y}, {"color", series(colors)}, {"strokeDash", series(dashes)}}}});
  layers.push_back(
      {{"mark", {{"type", "point"}, {"filled", true}, {"size", 46}, {"opacity", 1}}},
       {"encoding", {{"x", x}, {"y", y}, {"color", series(colors)}, {"shape", series(marks)}, {"tooltip", tooltip}}}});
  if (!rules.empty()) {
    const Json rule_y = {{"field", "y"}, {"type", "quantitative"}};
    layers.push_back({{"data", {{"values", rules}}},
                      {"mark", {{"type", "rule"}, {"strokeDash", {3, 3}}, {"color", "currentColor"}, {"opacity", 0.7}}},
                      {"encoding", {{"y", rule_y}}}});
    layers.push_back({{"data", {{"values", rules}}},
                      {"mark",
                       {{"type", "text"},
                        {"align", "right"},
                        {"baseline", "bottom"},
                        {"dy", -3},
                        {"dx", -2},
                        {"color", "currentColor"}}},
                      {"encoding", {{"y", rule_y}, {"x", {{"value", "width"}}}, {"text", {{"field", "label"}}}}}});
  }
  return {{"data", {{"values", values}}}, {"layer", layers}};
}

}  // namespace emf
