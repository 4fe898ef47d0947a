// Plots as Vega-Lite specs beside a small table of what they draw, so that nothing is lost without scripts.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "reports/writers/html.h"
#include "reports/writers/record.h"

namespace emf {

/// One panel. Panels of a group share their height; each is as wide as the page gives it.
struct Plot {
  std::string title;  ///< over the panel
  std::string words;  ///< what the panel shows, for readers who cannot see it
  Json spec;          ///< Vega-Lite, with its data inline and no width
};

/// Panels side by side, a legend of the objectives above (when `record` is given), the table of values folded
/// beneath.
std::string plot_group(const std::vector<Plot>& plots, const Record* record, const Table& values);

/// Lines of GenEval-like scores: x against y with an interval band, one series an objective.
///
/// @param values  [{"series", "x", "y", "low"?, "high"?}].
/// @param x, y    channel definitions without "field" ({"title", "scale", ...}).
/// @param rules   horizontal lines: [{"y", "label"}].
Json line_spec(const Record& record, const Json& values, Json x, Json y, const Json& rules = Json::array());

}  // namespace emf
