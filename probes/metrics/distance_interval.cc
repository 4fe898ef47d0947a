// SPDX-License-Identifier: Apache-2.0
#include "probes/metrics/distance_interval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/base/random.h"

namespace emf {

JackknifeSpread jackknife_spread(const std::vector<double>& values, double whole) {
  const double center = mean(values), n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return {squares * (n - 1) / n, center - whole};
}

DistanceInterval jackknife_interval(double distance, const std::vector<std::vector<double>>& by_set, double least) {
  double variance = 0, shift = 0;
  for (const std::vector<double>& values : by_set) {
    const JackknifeSpread spread = jackknife_spread(values, distance);
    variance += spread.variance;
    shift += spread.shift;
  }
  const auto degrees = static_cast<double>(by_set.front().size() - 1);
  DistanceInterval interval;
  interval.standard_error = std::sqrt(variance);
  const double half = t_quantile(0.975, degrees) * interval.standard_error;
  interval.ci95 = {std::max(least, distance - half), distance + half};
  interval.corrected = distance - degrees * shift;
  return interval;
}

std::vector<int64_t> shuffled_places(int64_t n, uint64_t seed, std::string_view stream) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  Random random(seed, stream, 0);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<uint32_t>(i))]);
  return order;
}

std::vector<int32_t> shuffled_groups(int64_t n, int64_t groups, uint64_t seed, std::string_view stream) {
  const std::vector<int64_t> order = shuffled_places(n, seed, stream);
  std::vector<int32_t> group(order.size());
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t i = g * n / groups; i < (g + 1) * n / groups; ++i) {
      group[static_cast<size_t>(order[static_cast<size_t>(i)])] = static_cast<int32_t>(g);
    }
  }
  return group;
}

}  // namespace emf
