#include "reports/writers/plot.h"

#include <fmt/format.h>

#include "reports/writers/words.h"

namespace emf {
namespace {

/// A short line with the objective's dash and mark, as the panels draw it.
std::string legend_key(const SeriesStyle& style) {
  std::string dash;
  for (const int length : style.dash) dash += (dash.empty() ? "" : " ") + std::to_string(length);
  std::string mark = R"(<circle cx="14" cy="6" r="3.5"/>)";
  if (style.mark == "square") mark = R"(<rect x="10.5" y="2.5" width="7" height="7"/>)";
  if (style.mark == "triangle-up") mark = R"(<path d="M14 1.5 18.5 9.5H9.5Z"/>)";
  if (style.mark == "diamond") mark = R"(<path d="M14 1 19 6 14 11 9 6Z"/>)";
  if (style.mark == "cross") mark = R"(<path d="M12.5 2h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5Z"/>)";
  if (style.mark == "triangle-down") mark = R"(<path d="M14 10.5 9.5 2.5H18.5Z"/>)";
  if (style.mark == "triangle-right") mark = R"(<path d="M18.5 6 10.5 1.5V10.5Z"/>)";
  return fmt::format(
      R"(<svg width="28" height="12" aria-hidden="true" fill="{0}" stroke="{0}"><path d="M0 6H28" stroke-width="2" )"
      R"(stroke-dasharray="{1}"/>{2}</svg>)",
      style.color, dash, mark);
}

std::string legend(const Record& record) {
  std::string html = "<ul class=\"legend\">";
  for (size_t i = 0; i < record.objectives().size(); ++i) {
    const std::string& name = record.objectives()[i];
    html += "<li>" + legend_key(objective_style(name, i)) + " " + escape_html(objective_words(name)) + "</li>";
  }
  return html + "</ul>\n";
}

}  // namespace

std::string plot_group(const std::vector<Plot>& plots, const Record* record, const Table& values) {
  std::string html = record != nullptr ? legend(*record) : "";
  html += "<div class=\"panels\">\n";
  for (const Plot& plot : plots) {
    html += "<figure class=\"plot\"><figcaption>" + escape_html(plot.title) +
            "</figcaption><div class=\"vega\" role=\"img\" aria-label=\"" + escape_html(plot.words) +
            "\"></div><script type=\"application/json\">" + script_json(plot.spec) + "</script></figure>\n";
  }
  // Open for readers without scripts; the page folds it once its plots are drawn.
  return html + "</div>\n<details class=\"values\" open><summary>The values in these plots</summary>\n" +
         values.html() + "</details>\n";
}

Json line_spec(const Record& record, const Json& values, Json x, Json y, const Json& rules) {
  Json names = Json::array(), colors = Json::array(), dashes = Json::array(), marks = Json::array();
  for (size_t i = 0; i < record.objectives().size(); ++i) {
    const SeriesStyle style = objective_style(record.objectives()[i], i);
    names.push_back(objective_words(record.objectives()[i]));
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
