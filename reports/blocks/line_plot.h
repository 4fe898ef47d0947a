// SPDX-License-Identifier: Apache-2.0
// Plots of lines, one series an objective, as Vega-Lite specs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/api/section.h"
#include "reports/record/record.h"

namespace emf {

/// The record's objectives as line_spec() draws them.
std::vector<std::pair<std::string, SeriesStyle>> objective_legend(const Record& record);

/// x against y with an interval band, one series an objective.
///
/// @param values  [{"series", "x", "y", "low"?, "high"?}].
/// @param x, y    channel definitions without "field" ({"title", "scale", ...}).
/// @param rules   horizontal lines: [{"y", "label"}].
Json line_spec(const Record& record, const Json& values, Json x, Json y, const Json& rules = Json::array());

/// The y channel of a metric: the whole range of a share, else as much as the values need.
Json metric_axis(const Record& record, const std::string& metric);

}  // namespace emf
