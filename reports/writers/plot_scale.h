// SPDX-License-Identifier: Apache-2.0
// Axes of plots: where a value lies, and what is written at the ticks, as the page's plots have them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// From values to places on one axis.
class PlotScale {
 public:
  /// @param channel  a Vega-Lite channel: "scale" {type: linear|log, domain, zero, nice, padding}, "axis" {values,
  ///                 tickCount, format, tickMinStep}.
  /// @param values   all that is drawn along it.
  /// @param from, to  ends of the axis in pixels; `from` belongs to the least value.
  /// @throws UserError  another type of scale, or a logarithmic one of values that are not positive.
  PlotScale(const Json& channel, const std::vector<double>& values, double from, double to);

  /// In pixels.
  double place(double value) const;
  /// Rising, within the axis.
  const std::vector<double>& ticks() const { return ticks_; }
  /// As the axis' format writes it: d3's "d", "~s", "~g", ".3f" and their like.
  std::string label(double tick) const;

 private:
  double along(double value) const;
  void choose_linear_ticks(const Json& axis, bool nice);
  void choose_log_ticks(const Json& axis, bool nice);

  bool log_ = false;
  double low_ = 0, high_ = 1, from_ = 0, to_ = 1, padding_ = 0, step_ = 0;
  std::string format_;
  std::vector<double> ticks_;
};

}  // namespace emf
