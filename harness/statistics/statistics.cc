// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/statistics.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {
namespace {

/// Sum and number of the items of one cluster: all that a mean over resampled clusters needs.
struct Tally {
  double sum = 0;
  int64_t items = 0;
};

/// Stratum -> cluster -> tally. Sorted by name, so that the order of the items does not decide the draws.
using Tallies = std::map<std::string, std::map<std::string, Tally>>;

Tallies tally(const Scores& scores) {
  const size_t n = scores.values.size();
  ensure(n > 0, "a mean of no scores was asked for");
  ensure(scores.clusters.empty() || scores.clusters.size() == n, "{} scores but {} clusters", n,
         scores.clusters.size());
  ensure(scores.strata.empty() || scores.strata.size() == n, "{} scores but {} strata", n, scores.strata.size());
  Tallies tallies;
  for (size_t i = 0; i < n; ++i) {
    // Fixed width keeps nameless items in their own order.
    const std::string cluster = scores.clusters.empty() ? fmt::format("{:012}", i) : scores.clusters[i];
    Tally& entry = tallies[scores.strata.empty() ? "" : scores.strata[i]][cluster];
    entry.sum += scores.values[i];
    ++entry.items;
  }
  return tallies;
}

std::vector<Tally> in_order(const std::map<std::string, Tally>& clusters) {
  std::vector<Tally> ordered;
  for (const auto& [name, entry] : clusters) ordered.push_back(entry);
  return ordered;
}

double weighted_mean(const std::vector<Tally>& clusters, std::span<const int32_t> counts) {
  double sum = 0;
  int64_t items = 0;
  for (size_t i = 0; i < clusters.size(); ++i) {
    sum += counts[i] * clusters[i].sum;
    items += counts[i] * clusters[i].items;
  }
  return sum / static_cast<double>(items);
}

double plain_mean(const std::vector<Tally>& clusters) {
  return weighted_mean(clusters, std::vector<int32_t>(clusters.size(), 1));
}

void refuse_different_clusters(const Tallies& a, const Tallies& b) {
  for (const auto& [stratum, clusters] : a) {
    const auto other = b.find(stratum);
    for (const auto& [cluster, entry] : clusters) {
      if (other == b.end() || other->second.count(cluster) == 0) {
        fail_input("paired scores need the same prompts on both sides; only one side has '{}{}{}'", stratum,
                   stratum.empty() ? "" : "/", cluster);
      }
    }
  }
}

/// Draws of the statistic of every stratum, averaged over strata.
std::vector<double> averaged_draws(const std::vector<std::vector<double>>& draws) {
  std::vector<double> averaged(draws.front().size(), 0.0);
  for (const auto& stratum : draws) {
    for (size_t d = 0; d < averaged.size(); ++d) averaged[d] += stratum[d];
  }
  for (double& value : averaged) value /= static_cast<double>(draws.size());
  return averaged;
}

/// An interval that the value is not outside of: posteriors of unanimous shares leave out their own mode.
Interval holding(double value, Interval interval) {
  return {std::min(interval[0], value), std::max(interval[1], value)};
}

/// A side of a contrast: its weight and its clusters in order.
struct Side {
  double weight;
  std::vector<Tally> clusters;
};

/// The one contrast that every cluster shows, if it is one.
std::optional<double> only_contrast(const std::vector<Side>& sides) {
  std::optional<double> shown;
  for (size_t i = 0; i < sides.front().clusters.size(); ++i) {
    double own = 0;
    for (const Side& side : sides) {
      own += side.weight * (side.clusters[i].sum / static_cast<double>(side.clusters[i].items));
    }
    if (shown && std::abs(own - *shown) > 1e-12) return std::nullopt;
    shown = own;
  }
  return shown;
}

/// What a contrast of shares may be of which every cluster showed the same: some share of clusters that were not seen
/// may show another, to either side as far as there is one.
std::vector<double> unanimous_contrasts(const std::vector<Side>& sides, double shown, const BootstrapOptions& options) {
  double low = 0, high = 0;  // where all shares are 0 or 1
  for (const Side& side : sides) (side.weight > 0 ? high : low) += side.weight;
  std::vector<double> draws = unanimous_draws(static_cast<int64_t>(sides.front().clusters.size()), false, options);
  const std::string stream = fmt::format("{}/side", options.stream);
  for (size_t d = 0; d < draws.size(); ++d) {
    const bool up = shown < high && (shown <= low || Random(options.seed, stream, d).uniform() < 0.5);
    const double step = draws[d] * (high - low) / 2;
    draws[d] = shown + (up ? step : -step);
  }
  return draws;
}

double weighted_sum(const std::vector<Side>& sides, std::span<const int32_t> counts) {
  double sum = 0;
  for (const Side& side : sides) sum += side.weight * weighted_mean(side.clusters, counts);
  return sum;
}

/// Places of p values, smallest first; equal ones in the order given.
std::vector<size_t> ascending(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (const double p : p_values) ensure(p >= 0 && p <= 1, "a p value of {}", p);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

}  // namespace

double mean(std::span<const double> values) {
  ensure(!values.empty(), "a mean of no values was asked for");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sample_std(std::span<const double> values) {
  ensure(values.size() > 1, "a standard deviation of {} values was asked for", values.size());
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double percentile(std::vector<double> values, double share) {
  ensure(!values.empty(), "a percentile of no values was asked for");
  ensure(share >= 0 && share <= 1, "percentile share {} outside 0..1", share);
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto cut = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), cut, values.end());
  const double low = *cut;
  if (below + 1 == values.size()) return low;
  const double high = *std::min_element(cut + 1, values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

std::vector<int32_t> bootstrap_counts(int64_t clusters, int draw, const BootstrapOptions& options) {
  Random random(options.seed, options.stream, static_cast<uint64_t>(draw));
  std::vector<int32_t> counts(static_cast<size_t>(clusters), 0);
  for (int64_t i = 0; i < clusters; ++i) ++counts[random.below(static_cast<uint32_t>(clusters))];
  return counts;
}

std::vector<double> bootstrap(int64_t clusters, const std::function<double(std::span<const int32_t>)>& statistic,
                              const BootstrapOptions& options) {
  ensure(clusters > 0, "a bootstrap over {} clusters was asked for", clusters);
  ensure(options.draws > 0, "a bootstrap of {} draws was asked for", options.draws);
  std::vector<double> values(static_cast<size_t>(options.draws));
  for (int d = 0; d < options.draws; ++d) {
    values[static_cast<size_t>(d)] = statistic(bootstrap_counts(clusters, d, options));
  }
  return values;
}

std::vector<double> unanimous_draws(int64_t clusters, bool all_right, const BootstrapOptions& options) {
  const std::string stream = fmt::format("{}/unanimous", options.stream);
  std::vector<double> draws(static_cast<size_t>(options.draws));
  for (size_t d = 0; d < draws.size(); ++d) {
    const double other = 1 - std::pow(Random(options.seed, stream, d).uniform(), 1 / static_cast<double>(clusters + 1));
    draws[d] = all_right ? 1 - other : other;
  }
  return draws;
}

Interval percentile_interval(const std::vector<double>& draws, double level) {
  return {percentile(draws, (1 - level) / 2), percentile(draws, (1 + level) / 2)};
}

Estimate estimate_mean(const Scores& scores, const BootstrapOptions& options) {
  std::map<std::string, Estimate> strata;
  return estimate_mean(scores, options, strata);
}

Estimate estimate_mean(const Scores& scores, const BootstrapOptions& options, std::map<std::string, Estimate>& strata) {
  Estimate estimate;
  std::vector<std::vector<double>> draws;
  bool resampled = false;
  const Tallies tallies = tally(scores);
  for (const auto& [stratum, named] : tallies) {
    const std::vector<Tally> clusters = in_order(named);
    Estimate& own = strata[stratum];
    own.clusters = static_cast<int64_t>(clusters.size());
    own.value = plain_mean(clusters);
    for (const Tally& cluster : clusters) own.n += cluster.items;
    estimate.n += own.n;
    estimate.clusters += own.clusters;
    estimate.value += own.value / static_cast<double>(tallies.size());
    resampled = resampled || clusters.size() > 1;
    BootstrapOptions named_options = options;
    const std::string stream = fmt::format("{}/{}", options.stream, stratum);
    named_options.stream = stream;
    if (options.shares && clusters.size() > 1 && (own.value == 0 || own.value == 1)) {
      draws.push_back(unanimous_draws(own.clusters, own.value == 1, named_options));
    } else {
      draws.push_back(bootstrap(
          own.clusters, [&](std::span<const int32_t> counts) { return weighted_mean(clusters, counts); },
          named_options));
    }
    if (clusters.size() > 1) own.ci95 = holding(own.value, percentile_interval(draws.back(), options.level));
  }
  if (resampled) {
    estimate.ci95 = holding(estimate.value, percentile_interval(averaged_draws(draws), options.level));
  }
  return estimate;
}

Difference paired_difference(const Scores& a, const Scores& b, const BootstrapOptions& options) {
  return paired_contrast({{1, &a}, {-1, &b}}, options);
}

Difference paired_contrast(const std::vector<WeightedScores>& sides, const BootstrapOptions& options) {
  ensure(!sides.empty(), "a contrast of nothing was asked for");
  std::vector<Tallies> tallies;
  for (const WeightedScores& side : sides) {
    tallies.push_back(tally(*side.scores));
    refuse_different_clusters(tallies.front(), tallies.back());
    refuse_different_clusters(tallies.back(), tallies.front());
  }
  Difference difference;
  std::vector<std::vector<double>> draws;
  bool resampled = false;
  for (const auto& [stratum, named] : tallies.front()) {
    std::vector<Side> own_sides;
    for (size_t i = 0; i < sides.size(); ++i) {
      own_sides.push_back({sides[i].weight, in_order(tallies[i].at(stratum))});
    }
    const size_t clusters = named.size();
    difference.clusters += static_cast<int64_t>(clusters);
    difference.value +=
        weighted_sum(own_sides, std::vector<int32_t>(clusters, 1)) / static_cast<double>(tallies.front().size());
    resampled = resampled || clusters > 1;
    BootstrapOptions own = options;
    const std::string stream = fmt::format("{}/{}", options.stream, stratum);
    own.stream = stream;
    const std::optional<double> shown = options.shares && clusters > 1 ? only_contrast(own_sides) : std::nullopt;
    if (shown) {
      draws.push_back(unanimous_contrasts(own_sides, *shown, own));
      continue;
    }
    draws.push_back(bootstrap(
        static_cast<int64_t>(clusters),
        [&](std::span<const int32_t> counts) { return weighted_sum(own_sides, counts); }, own));
  }
  if (!resampled) return difference;
  const auto strata = static_cast<int64_t>(tallies.front().size());
  Difference judged = judged_difference(difference.value, averaged_draws(draws), difference.clusters,
                                        difference.clusters - strata, options.level);
  judged.ci95 = holding(judged.value, *judged.ci95);
  return judged;
}

Difference judged_difference(double value, const std::vector<double>& draws, int64_t clusters, int64_t degrees,
                             double level) {
  Difference difference;
  difference.value = value;
  difference.clusters = clusters;
  difference.ci95 = percentile_interval(draws, level);
  const auto freedom = static_cast<double>(degrees);
  if (degrees > 0 && draws.size() > 1) {
    difference.standard_error = sample_std(draws);
    difference.smallest_detectable = smallest_detectable_difference(*difference.standard_error, freedom);
  }
  const auto not_above = std::count_if(draws.begin(), draws.end(), [](double d) { return d <= 0; });
  const auto not_below = std::count_if(draws.begin(), draws.end(), [](double d) { return d >= 0; });
  const auto lesser = std::min(not_above, not_below);
  difference.p_value = std::min(1.0, 2.0 * static_cast<double>(1 + lesser) / static_cast<double>(1 + draws.size()));
  constexpr int64_t kFewDraws = 10;
  // A spread of rounding alone is none: both sides then differ by a constant, and t would say nothing.
  const double rounding = 1e-9 * std::abs(value);
  if (lesser < kFewDraws && difference.standard_error && *difference.standard_error > rounding) {
    difference.p_value = std::min(difference.p_value, two_sided_t(value / *difference.standard_error, freedom));
  }
  return difference;
}

double normal_quantile(double share) {
  ensure(share > 0 && share < 1, "a quantile at {} was asked for", share);
  return boost::math::quantile(boost::math::normal(), share);
}

double t_quantile(double share, double degrees) {
  ensure(share > 0 && share < 1, "a quantile at {} was asked for", share);
  ensure(degrees > 0, "a t quantile with {} degrees of freedom was asked for", degrees);
  return boost::math::quantile(boost::math::students_t(degrees), share);
}

double two_sided_t(double t, double degrees) {
  ensure(degrees > 0, "a t test with {} degrees of freedom was asked for", degrees);
  return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), std::abs(t)));
}

Interval t_interval(std::span<const double> values, double level) {
  const double half = t_quantile((1 + level) / 2, static_cast<double>(values.size()) - 1) * sample_std(values) /
                      std::sqrt(static_cast<double>(values.size()));
  return {mean(values) - half, mean(values) + half};
}

double smallest_detectable_difference(double standard_error, double degrees, double level, double power) {
  return (t_quantile((1 + level) / 2, degrees) + t_quantile(power, degrees)) * standard_error;
}

std::vector<double> holm(const std::vector<double>& p_values) {
  const std::vector<size_t> order = ascending(p_values);
  std::vector<double> corrected(p_values.size());
  double running = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    running = std::max(running, std::min(1.0, p_values[order[rank]] * static_cast<double>(order.size() - rank)));
    corrected[order[rank]] = running;
  }
  return corrected;
}

std::vector<double> benjamini_hochberg(const std::vector<double>& p_values) {
  const std::vector<size_t> order = ascending(p_values);
  const auto n = static_cast<double>(order.size());
  std::vector<double> corrected(p_values.size());
  double running = 1;
  for (size_t rank = order.size(); rank-- > 0;) {
    running = std::min(running, p_values[order[rank]] * n / static_cast<double>(rank + 1));
    corrected[order[rank]] = running;
  }
  return corrected;
}

}  // namespace emf
