// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/plot_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// 1, 2 or 5 times a power of ten: the least that leaves no more than `count` steps in a width.
double tidy_step(double width, int64_t count) {
  const double least = width / static_cast<double>(std::max<int64_t>(count, 1));
  const double ten = std::pow(10.0, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * ten >= least * (1 - 1e-9)) return times * ten;
  }
  return 10 * ten;
}

const Json& member(const Json& holder, const char* key) {
  static const Json kNone = Json::object();
  return holder.contains(key) && holder.at(key).is_object() ? holder.at(key) : kNone;
}

}  // namespace

PlotScale::PlotScale(const Json& channel, const std::vector<double>& values, double from, double to)
    : from_(from), to_(to) {
  const Json &scale = member(channel, "scale"), &axis = member(channel, "axis");
  const std::string type = scale.value("type", "linear");
  if (type != "linear" && type != "log") fail_input("a plot has a scale '{}'; SVG files hold linear and log", type);
  log_ = type == "log";
  format_ = axis.value("format", "");
  padding_ = scale.value("padding", 0.0);
  if (!values.empty()) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    low_ = *least;
    high_ = *most;
  }
  const bool given = scale.contains("domain") && scale.at("domain").is_array() && scale.at("domain").size() == 2;
  if (given) {
    low_ = scale.at("domain")[0];
    high_ = scale.at("domain")[1];
  }
  if (log_ && low_ <= 0) fail_input("a plot has a logarithmic axis and a value of {}", low_);
  // Vega-Lite's own defaults.
  if (!log_ && !given && scale.value("zero", true)) {
    low_ = std::min(low_, 0.0);
    high_ = std::max(high_, 0.0);
  }
  if (low_ == high_) {
    low_ = log_ ? low_ / 2 : low_ - 0.5;
    high_ = log_ ? high_ * 2 : high_ + 0.5;
  }
  const bool nice = !given && scale.value("nice", true);
  log_ ? choose_log_ticks(axis, nice) : choose_linear_ticks(axis, nice);
  if (axis.contains("values") && axis.at("values").is_array()) {
    ticks_ = axis.at("values").get<std::vector<double>>();
    std::sort(ticks_.begin(), ticks_.end());
  }
  const double slack = 1e-9 * (high_ - low_);
  std::erase_if(ticks_, [&](double tick) { return tick < low_ - slack || tick > high_ + slack; });
}

void PlotScale::choose_linear_ticks(const Json& axis, bool nice) {
  step_ = std::max(tidy_step(high_ - low_, axis.value("tickCount", int64_t{5})), axis.value("tickMinStep", 0.0));
  if (nice) {
    low_ = std::floor(low_ / step_ + 1e-9) * step_;
    high_ = std::ceil(high_ / step_ - 1e-9) * step_;
  }
  const auto last = static_cast<int64_t>(std::floor(high_ / step_ + 1e-9));
  for (auto i = static_cast<int64_t>(std::ceil(low_ / step_ - 1e-9)); i <= last; ++i)
    ticks_.push_back(static_cast<double>(i) * step_);
}

void PlotScale::choose_log_ticks(const Json& axis, bool nice) {
  if (nice) {
    low_ = std::pow(10.0, std::floor(std::log10(low_) + 1e-9));
    high_ = std::pow(10.0, std::ceil(std::log10(high_) - 1e-9));
  }
  const auto count = axis.value("tickCount", int64_t{5});
  // The most that fit of: powers of ten, with 3 between them, with 2 and 5.
  const std::vector<std::vector<double>> choices = {{1, 2, 5}, {1, 3}, {1}};
  for (const std::vector<double>& times : choices) {
    std::vector<double> ticks;
    for (auto power = static_cast<int>(std::floor(std::log10(low_))); std::pow(10.0, power) <= high_; ++power) {
      for (const double time : times) {
        const double tick = time * std::pow(10.0, power);
        if (tick >= low_ * (1 - 1e-9) && tick <= high_ * (1 + 1e-9)) ticks.push_back(tick);
      }
    }
    if (ticks.size() < 2 && ticks_.size() >= 2) break;
    ticks_ = ticks;
    if (static_cast<int64_t>(ticks_.size()) <= count + 1) break;
  }
  if (ticks_.size() >= 2) return;
  // Less than a decade: as on a linear axis.
  ticks_.clear();
  choose_linear_ticks(axis, false);
}

double PlotScale::along(double value) const {
  return log_ ? (std::log(value) - std::log(low_)) / (std::log(high_) - std::log(low_))
              : (value - low_) / (high_ - low_);
}

double PlotScale::place(double value) const {
  const double inset = to_ > from_ ? padding_ : -padding_;
  return from_ + inset + along(value) * (to_ - from_ - 2 * inset);
}

std::string PlotScale::label(double tick) const {
  std::string text;
  if (format_ == "d") {
    text = fmt::format("{:.0f}", tick);
  } else if (format_.ends_with("s")) {
    text = format_si(tick);
    std::erase(text, ' ');
  } else if (format_.ends_with("f") && format_.starts_with(".")) {
    text = fmt::format("{:.{}f}", tick, std::atoi(format_.c_str() + 1));
  } else if (step_ > 0 && format_.empty() && !log_) {
    text = fmt::format("{:.{}f}", tick, std::max(0, static_cast<int>(std::ceil(-std::log10(step_) - 1e-9))));
  } else {
    text = fmt::format("{:g}", tick);
  }
  const bool zero = text.find_first_not_of("-0.") == std::string::npos;
  if (!text.starts_with('-')) return text;
  return zero ? text.substr(1) : "\u2212" + text.substr(1);
}

}  // namespace emf
