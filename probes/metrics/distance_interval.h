// SPDX-License-Identifier: Apache-2.0
// How sure a distance of two sets of features is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/statistics/statistics.h"

namespace emf {

struct DistanceInterval {
  Interval ci95{};
  double standard_error = 0;
  std::optional<double> corrected;  ///< jackknife: the distance less its bias of order 1 / N
};

/// Variance of a jackknife, and how far the mean of its values is from the whole.
struct JackknifeSpread {
  double variance = 0, shift = 0;
};
JackknifeSpread jackknife_spread(const std::vector<double>& values, double whole);

/// Delete-a-group jackknife over rows of independent sets, with Student's quantile.
/// @param by_set  for each set the distance without each of its groups, as many of one as of the others.
/// @param least   that the distance can be.
DistanceInterval jackknife_interval(double distance, const std::vector<std::vector<double>>& by_set, double least);

/// 0..n-1, shuffled by (seed, stream).
std::vector<int64_t> shuffled_places(int64_t n, uint64_t seed, std::string_view stream);

/// The group of every row: equal stretches of shuffled_places().
std::vector<int32_t> shuffled_groups(int64_t n, int64_t groups, uint64_t seed, std::string_view stream);

}  // namespace emf
