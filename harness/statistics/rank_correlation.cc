// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr double kFieller = 1.06;
constexpr double kLargest = 0.999999;  // Fisher's transformation is infinite at 1

/// Ranks from 0; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranked(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) ranked[order[i]] = static_cast<double>(begin + end - 1) / 2;
    begin = end;
  }
  return ranked;
}

std::optional<double> correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = mean(x), mean_y = mean(y);
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (xx == 0 || yy == 0) return std::nullopt;
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

}  // namespace

std::optional<RankCorrelation> rank_correlation(const std::vector<double>& x, const std::vector<double>& y,
                                                const std::vector<double>& given) {
  ensure(x.size() == y.size() && (given.empty() || given.size() == x.size()), "{}, {} and {} values to correlate",
         x.size(), y.size(), given.size());
  if (x.size() < 3) return std::nullopt;
  const std::vector<double> of_x = ranks(x), of_y = ranks(y);
  const std::optional<double> plain = correlation(of_x, of_y);
  if (!plain) return std::nullopt;
  RankCorrelation result;
  result.value = *plain;
  int taken = 3;
  if (!given.empty()) {
    const std::vector<double> of_given = ranks(given);
    const std::optional<double> left = correlation(of_x, of_given), right = correlation(of_y, of_given);
    if (!left || !right) return std::nullopt;
    const double rest = (1 - *left * *left) * (1 - *right * *right);
    // What is given says all of one side: nothing is left to correlate.
    if (rest <= 0) return std::nullopt;
    result.value = std::clamp((*plain - *left * *right) / std::sqrt(rest), -1.0, 1.0);
    ++taken;
  }
  const double z = std::atanh(std::clamp(result.value, -kLargest, kLargest)), reach = normal_quantile(0.975);
  if (z != 0) result.needed = static_cast<int64_t>(std::ceil(taken + kFieller * std::pow(reach / z, 2)));
  const double freedom = static_cast<double>(x.size()) - taken;
  if (freedom <= 1) return result;
  const double error = std::sqrt(kFieller / freedom);
  result.ci95 = {std::tanh(z - reach * error), std::tanh(z + reach * error)};
  result.p_value = two_sided_t(z / error, 1e6);
  return result;
}

}  // namespace emf
