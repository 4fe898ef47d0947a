// SPDX-License-Identifier: Apache-2.0
// Do two things rise together? Spearman's correlation of ranks, plain or partial, with an interval.
#pragma once

#include <optional>
#include <vector>

#include "harness/statistics/statistics.h"

namespace emf {

struct RankCorrelation {
  double value = 0;               ///< -1..1
  std::optional<Interval> ci95;   ///< absent below five values (six where one is given): nothing is known of the error
  double p_value = 1;             ///< two-sided
  std::optional<int64_t> needed;  ///< how many values would show a correlation of this size; absent for none
};

/// Spearman's correlation, equal values having their mean rank; the interval by Fisher's transformation with the
/// variance 1.06 / (n - 3) of Fieller, Hartley and Pearson (1957).
/// @param x, y   as many.
/// @param given  empty, or as many: what the correlation is partial of (the variance is then 1.06 / (n - 4)).
/// @return  nullopt below three values, and where one side is the same throughout.
std::optional<RankCorrelation> rank_correlation(const std::vector<double>& x, const std::vector<double>& y,
                                                const std::vector<double>& given = {});

}  // namespace emf
