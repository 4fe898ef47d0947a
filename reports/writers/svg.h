// SPDX-License-Identifier: Apache-2.0
// A plot's panel as an SVG file of its own, drawn from the same Vega-Lite spec as the page's, without a browser.
#pragma once

#include <string>

#include "harness/api/section.h"

namespace emf {

/// One panel with title, axes, ticks and the group's legend beneath. Drawn are the marks area, line, point, rule and
/// text over linear and logarithmic axes: what the report's sections use. The same panel gives the same bytes.
///
/// @throws UserError  the panel's spec wants what this writer does not draw (names it); its data are not inline.
std::string svg_of(const Plot& panel, const PlotGroup& group);

}  // namespace emf
