// SPDX-License-Identifier: Apache-2.0
#include "reports/blocks/score_grid.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// Digits behind the point of a number, down to the first that its interval moves.
/// @param uncertainty  half the interval's width.
int digits_for(double uncertainty) { return std::clamp(static_cast<int>(std::ceil(-std::log10(uncertainty))), 0, 6); }

std::optional<double> spread_of(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

ScoreGrid::ScoreGrid(const SectionInput& input, const std::string& metric)
    : record_(input), metric_(metric.empty() ? record_.main_metric() : metric) {
  if (!record_.has_metric(metric_)) {
    fail_input("the record has no row of metric '{}'{}", metric_, suggestion(metric_, record_.metrics()));
  }
  share_ = record_.is_share(metric_);
  gather(input);
  choose_digits();
  mark_best();
}

/// Whether the metric has a cell, with a value or without, whose encoder, objective and steps fit.
template <typename Fits>
bool ScoreGrid::any(const Fits& fits) const {
  for (const std::string& encoder : record_.encoders()) {
    for (const std::string& objective : record_.objectives()) {
      for (const int64_t steps : record_.steps()) {
        const auto key = std::make_tuple(encoder, objective, steps);
        if (fits(key) && record_.find(encoder, objective, steps, metric_) != nullptr) return true;
      }
    }
  }
  return false;
}

void ScoreGrid::gather(const SectionInput& input) {
  std::map<std::tuple<std::string, std::string, int64_t>, std::vector<double>> seeds;
  for (const Json& row : report_rows(input)) {
    if (row.at("metric") != metric_ || row.at("value").is_null() || !record_.is_shown(row)) continue;
    seeds[{encoder_key(row), row.at("objective"), row.at("steps")}].push_back(row.at("value"));
  }
  for (const int64_t steps : record_.steps()) {
    if (any([&](const auto& key) { return std::get<2>(key) == steps; })) steps_.push_back(steps);
  }
  for (const std::string& encoder : record_.encoders()) {
    if (any([&](const auto& key) { return std::get<0>(key) == encoder; })) encoders_.push_back(encoder);
  }
  for (const std::string& objective : record_.objectives()) {
    if (!any([&](const auto& key) { return std::get<1>(key) == objective; })) continue;
    GridBlock block{objective, {}};
    for (const std::string& encoder : encoders_) {
      std::vector<GridCell> row;
      for (const int64_t steps : steps_) {
        row.push_back(
            {record_.find(encoder, objective, steps, metric_), spread_of(seeds[{encoder, objective, steps}])});
      }
      block.rows.push_back(std::move(row));
    }
    blocks_.push_back(std::move(block));
  }
}

template <typename Visit>
void ScoreGrid::each_value(const Visit& visit) {
  for (GridBlock& block : blocks_)
    for (std::vector<GridCell>& row : block.rows)
      for (GridCell& cell : row)
        if (cell.has_value()) visit(cell);
}

/// The same for all cells, by the interval that stands in the middle of their order.
void ScoreGrid::choose_digits() {
  std::vector<double> widths;
  bool whole = true;
  double largest = 0;
  each_value([&](const GridCell& cell) {
    whole = whole && *cell.score->value == std::floor(*cell.score->value);
    largest = std::max(largest, std::abs(*cell.score->value));
    const double half = cell.score->ci95 ? ((*cell.score->ci95)[1] - (*cell.score->ci95)[0]) / 2 : 0;
    if (half > 0) widths.push_back(half);
    if (cell.score->ci95) intervals_ = true;
    if (cell.spread) spreads_ = true;
  });
  std::sort(widths.begin(), widths.end());
  if (!widths.empty()) {
    digits_ = digits_for(widths[widths.size() / 2]);
    if (share_) digits_ = std::max(digits_, 2);
  } else if (!whole && largest > 0) {
    digits_ = std::clamp(2 - static_cast<int>(std::floor(std::log10(largest))), 0, 6);
  }
  each_value([&](GridCell& cell) { cell.text = number(*cell.score->value); });
}

std::string ScoreGrid::number(double value) const {
  std::string text = format_number(value, digits_);
  if (share_ && text.starts_with("0.")) text.erase(0, 1);
  return text;
}

void ScoreGrid::mark_best() {
  for (GridBlock& block : blocks_) {
    for (size_t column = 0; column < steps_.size(); ++column) {
      const GridCell* best = nullptr;
      size_t values = 0;
      std::set<std::string> printed;
      for (const std::vector<GridCell>& row : block.rows) {
        const GridCell& cell = row[column];
        if (!cell.has_value()) continue;
        ++values;
        printed.insert(cell.text);
        if (best == nullptr || record_.better(*cell.score->value, *best->score->value, metric_)) best = &cell;
      }
      if (values < 2 || printed.size() < 2) continue;  // where all are alike nothing stands out
      ++judged_columns_;
      mark_column(block, column, *best);
    }
  }
}

void ScoreGrid::mark_column(GridBlock& block, size_t column, const GridCell& best) {
  const std::string text = best.text;
  const std::optional<Interval> interval = best.score->ci95;
  const Score* const first = best.score;
  size_t bold = 0;
  bool overlaps = false;
  for (std::vector<GridCell>& row : block.rows) {
    GridCell& cell = row[column];
    if (!cell.has_value()) continue;
    cell.best = cell.text == text;
    bold += cell.best ? 1 : 0;
    const std::optional<Interval>& other = cell.score->ci95;
    if (cell.score != first && interval && other)
      overlaps = overlaps || ((*other)[0] <= (*interval)[1] && (*interval)[0] <= (*other)[1]);
  }
  ties_ = ties_ || bold > 1;
  overlapping_columns_ += overlaps ? 1 : 0;
}

}  // namespace emf
