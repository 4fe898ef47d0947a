// SPDX-License-Identifier: Apache-2.0
#include "probes/metrics/frechet_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/statistics/dense/kernels.h"
#include "harness/statistics/dense/singular_values.h"

namespace emf {
namespace {

FeatureStatistics statistics_of(const RowMatrixMap& rows, std::span<const int64_t> places) {
  RowMatrix chosen(static_cast<Eigen::Index>(places.size()), rows.cols());
  for (size_t i = 0; i < places.size(); ++i) chosen.row(static_cast<Eigen::Index>(i)) = rows.row(places[i]);
  FeatureStatistics statistics;
  statistics.add(chosen);
  return statistics;
}

double nuclear_norm_of_product(const RowMatrixMap& a, const RowMatrixMap& b) {
  const Eigen::Index size = std::min(a.rows(), b.rows());
  if (size == 0) return 0;
  std::vector<double> diagonal(static_cast<size_t>(size)), above(static_cast<size_t>(size - 1));
  // Threads of their own are worth it from some hundreds of rows on.
  constexpr Eigen::Index kLarge = 256;
  dense_kernels().bidiagonal_of_product(a.data(), a.rows(), b.data(), b.rows(), a.cols(), diagonal.data(), above.data(),
                                        workers(size < kLarge ? 1 : 0));
  return sum_of_singular_values(std::move(diagonal), std::move(above));
}

double distance_of(const FrechetSide& real, const FrechetSide& generated) {
  return frechet_terms(real, generated).distance();
}

FrechetSide resampled(const RowMatrixMap& rows, int draw, const char* side, const BootstrapOptions& options) {
  BootstrapOptions own = options;
  const std::string stream = fmt::format("{}/{}", options.stream, side);
  own.stream = stream;
  std::vector<int64_t> places;
  const std::vector<int32_t> counts = bootstrap_counts(rows.rows(), draw, own);
  for (size_t i = 0; i < counts.size(); ++i) {
    places.insert(places.end(), static_cast<size_t>(counts[i]), static_cast<int64_t>(i));
  }
  return FrechetSide(statistics_of(rows, places));
}

DistanceInterval bootstrap_interval(std::vector<double> draws, double distance, const BootstrapOptions& options) {
  const double moved = distance - mean(draws);
  for (double& draw : draws) draw += moved;
  DistanceInterval interval;
  interval.ci95 = percentile_interval(draws, options.level);
  interval.ci95[0] = std::max(0.0, interval.ci95[0]);
  interval.standard_error = draws.size() > 1 ? sample_std(draws) : 0;
  return interval;
}

FrechetLine fitted(std::vector<int64_t> sizes, std::vector<double> distances) {
  FrechetLine line{std::move(sizes), std::move(distances), 0, 0};
  const auto n = static_cast<double>(line.sizes.size());
  double x_mean = 0, y_mean = 0, above = 0, below = 0;
  for (size_t i = 0; i < line.sizes.size(); ++i) {
    x_mean += 1 / static_cast<double>(line.sizes[i]) / n;
    y_mean += line.distances[i] / n;
  }
  for (size_t i = 0; i < line.sizes.size(); ++i) {
    const double x = 1 / static_cast<double>(line.sizes[i]) - x_mean;
    above += x * (line.distances[i] - y_mean);
    below += x * x;
  }
  line.slope = above / below;
  line.intercept = y_mean - line.slope * x_mean;
  return line;
}

}  // namespace

double FrechetTerms::distance() const {
  return std::max(0.0, mean_term + (trace_real + trace_generated - 2 * trace_root));
}

FrechetSide::FrechetSide(FeatureStatistics given) : statistics(std::move(given)) {
  statistics.compress();
  trace = statistics.trace();
}

FrechetTerms frechet_terms(const FrechetSide& real, const FrechetSide& generated) {
  FrechetTerms terms;
  terms.mean_term = FeatureStatistics::mean_difference(real.statistics, generated.statistics).squaredNorm();
  terms.trace_real = real.trace;
  terms.trace_generated = generated.trace;
  const RowMatrixMap a = real.statistics.factor(), b = generated.statistics.factor();
  const double scale = real.statistics.scale() * generated.statistics.scale();
  // Products of finite factors may overflow.
  const double largest = a.size() == 0 || b.size() == 0 ? 0 : a.cwiseAbs().maxCoeff() * b.cwiseAbs().maxCoeff();
  const bool safe = largest * static_cast<double>(a.cols()) < std::numeric_limits<double>::max();
  terms.trace_root = safe ? scale * nuclear_norm_of_product(a, b) : std::numeric_limits<double>::infinity();
  return terms;
}

double frechet_work(int64_t real_rows, int64_t generated_rows, int64_t dimension) {
  const auto d = static_cast<double>(dimension);
  const double n = std::min(static_cast<double>(real_rows), d), m = std::min(static_cast<double>(generated_rows), d);
  return 2 * n * m * d + 3 * n * m * std::min(n, m);
}

std::vector<FeatureStatistics> without_each_group(const RowMatrixMap& rows, int64_t groups, uint64_t seed,
                                                  std::string_view stream) {
  const std::vector<int64_t> order = shuffled_places(rows.rows(), seed, stream);
  std::vector<FeatureStatistics> own;
  for (int64_t g = 0; g < groups; ++g) {
    const auto begin = static_cast<size_t>(g * rows.rows() / groups),
               end = static_cast<size_t>((g + 1) * rows.rows() / groups);
    own.push_back(statistics_of(rows, std::span(order).subspan(begin, end - begin)));
  }
  std::vector<FeatureStatistics> behind(own.size() + 1);
  for (size_t g = own.size(); g-- > 0;) {
    behind[g] = behind[g + 1];
    behind[g].merge(own[g]);
  }
  std::vector<FeatureStatistics> result;
  FeatureStatistics before;
  for (size_t g = 0; g < own.size(); ++g) {
    result.push_back(before);
    result.back().merge(behind[g + 1]);
    before.merge(own[g]);
  }
  return result;
}

DistanceInterval frechet_jackknife(const FeaturePair& pair, const FrechetSide& real, const FrechetSide& generated,
                                   double distance, int64_t groups, uint64_t seed) {
  std::vector<double> by_real, by_generated;
  for (const FeatureStatistics& less : without_each_group(pair.real, groups, seed, "frechet/real")) {
    by_real.push_back(distance_of(FrechetSide(less), generated));
  }
  for (const FeatureStatistics& less : without_each_group(pair.generated, groups, seed, "frechet/generated")) {
    by_generated.push_back(distance_of(real, FrechetSide(less)));
  }
  return jackknife_interval(distance, {by_real, by_generated}, 0);
}

DistanceInterval frechet_jackknife(const FrechetSide& real, const RowMatrixMap& generated, double distance,
                                   int64_t groups, uint64_t seed) {
  std::vector<double> distances;
  for (const FeatureStatistics& less : without_each_group(generated, groups, seed, "frechet/generated")) {
    distances.push_back(distance_of(real, FrechetSide(less)));
  }
  return jackknife_interval(distance, {distances}, 0);
}

DistanceInterval frechet_bootstrap(const FeaturePair& pair, double distance, const BootstrapOptions& options) {
  std::vector<double> draws;
  for (int d = 0; d < options.draws; ++d) {
    draws.push_back(
        distance_of(resampled(pair.real, d, "real", options), resampled(pair.generated, d, "generated", options)));
  }
  return bootstrap_interval(std::move(draws), distance, options);
}

DistanceInterval frechet_bootstrap(const FrechetSide& real, const RowMatrixMap& generated, double distance,
                                   const BootstrapOptions& options) {
  std::vector<double> draws;
  for (int d = 0; d < options.draws; ++d) {
    draws.push_back(distance_of(real, resampled(generated, d, "generated", options)));
  }
  return bootstrap_interval(std::move(draws), distance, options);
}

FrechetLine frechet_line(const FrechetSide& real, const RowMatrixMap& generated, const std::vector<int64_t>& order,
                         const std::vector<int64_t>& sizes) {
  std::vector<double> distances;
  FeatureStatistics growing;
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    growing.merge(statistics_of(
        generated, std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(size - begin))));
    begin = size;
    distances.push_back(distance_of(real, FrechetSide(growing)));
  }
  return fitted(sizes, std::move(distances));
}

DistanceInterval frechet_line_jackknife(const FrechetSide& real, const RowMatrixMap& generated,
                                        const std::vector<int64_t>& order, const FrechetLine& line, int64_t groups) {
  std::vector<double> intercepts;
  for (int64_t g = 0; g < groups; ++g) {
    std::vector<int64_t> kept;
    for (size_t i = 0; i < order.size(); ++i) {
      if (static_cast<int64_t>(i) % groups != g) kept.push_back(order[i]);
    }
    // The same share of what is left at every point of the line.
    std::vector<int64_t> sizes;
    for (const int64_t size : line.sizes) {
      const int64_t left = size - size / groups - (size % groups > g ? 1 : 0);
      if (left >= 2 && (sizes.empty() || left > sizes.back())) sizes.push_back(left);
    }
    intercepts.push_back(frechet_line(real, generated, kept, sizes).intercept);
  }
  DistanceInterval interval;
  interval.standard_error = std::sqrt(jackknife_spread(intercepts, line.intercept).variance);
  const double half = t_quantile(0.975, static_cast<double>(groups - 1)) * interval.standard_error;
  interval.ci95 = {line.intercept - half, line.intercept + half};
  return interval;
}

}  // namespace emf
