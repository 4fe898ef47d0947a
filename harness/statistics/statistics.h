// SPDX-License-Identifier: Apache-2.0
// Means, percentiles, seeded bootstraps (plain, by clusters, by strata, paired) and corrections for many
// comparisons: the error bars of every score.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

using Interval = std::array<double, 2>;  ///< [low, high]

/// Arithmetic mean.  @throws InternalError  no values.
double mean(std::span<const double> values);

/// Standard deviation with n - 1.  @throws InternalError  fewer than two values.
double sample_std(std::span<const double> values);

/// Percentile by linear interpolation between order statistics (numpy's default).
/// @param share  0..1.  @throws InternalError  no values.
double percentile(std::vector<double> values, double share);

struct BootstrapOptions {
  int draws = 2000;  ///< resamples; the ends of a 95 % interval then rest on 50 draws each
  uint64_t seed = 0;
  std::string_view stream = "bootstrap";  ///< names the purpose, so that two bootstraps of one seed differ
  double level = 0.95;
  /// Scores are shares, 0 to 1: where all of a stratum's are 0, or all are 1, unanimous_draws() stand in for resamples;
  /// likewise where two sides differ by the same on every cluster (by nothing, mostly).
  bool shares = false;
};

/// Any statistic over resampled clusters: draw d depends on (seed, stream, d) alone, never on threads or on
/// other draws.
///
/// @param clusters   how many clusters there are; as many are drawn, with replacement.
/// @param statistic  of the multiplicities: counts[c] says how often cluster c was drawn (they sum to
/// `clusters`).
/// @return           options.draws values.
/// @cost  draws * (clusters random numbers + one statistic).
std::vector<double> bootstrap(int64_t clusters, const std::function<double(std::span<const int32_t>)>& statistic,
                              const BootstrapOptions& options = {});

/// The multiplicities of one draw of bootstrap(), for statistics that are cheaper over many draws at once.
std::vector<int32_t> bootstrap_counts(int64_t clusters, int draw, const BootstrapOptions& options);

/// What a share may be of which `clusters` clusters showed nothing but 0 (or nothing but 1): a bootstrap
/// cannot see what never happened, and would call the share certain. Drawn from the posterior of a uniform
/// prior, whose 97.5 % end is close to 3.7 / clusters.
/// @return  options.draws values.
std::vector<double> unanimous_draws(int64_t clusters, bool all_right, const BootstrapOptions& options);

/// The central `level` share of the draws.
Interval percentile_interval(const std::vector<double>& draws, double level = 0.95);

/// Scores of items. Items of one cluster move together (pictures of one prompt); strata are fixed by design
/// (tasks).
struct Scores {
  std::vector<double> values;         ///< [n]
  std::vector<std::string> clusters;  ///< [n], or empty: every item is a cluster of its own
  std::vector<std::string> strata;    ///< [n], or empty: one stratum
};

struct Estimate {
  double value = 0;
  std::optional<Interval> ci95;  ///< absent when every stratum has a single cluster: nothing to resample
  int64_t n = 0, clusters = 0;
};

/// Plain mean over strata of the mean of each stratum's items, with a percentile interval from resampling
/// clusters with replacement inside each stratum. With named clusters the order of the items does not matter.
///
/// Items that all score the same leave an interval of width zero, unless they are shares (BootstrapOptions).
///
/// @throws InternalError  no items, or lengths that differ.
Estimate estimate_mean(const Scores& scores, const BootstrapOptions& options = {});

/// estimate_mean() and, from the same draws, that of each stratum alone: no more work than the first.
/// @param strata  filled by name; each entry is what estimate_mean() says of that stratum's items.
Estimate estimate_mean(const Scores& scores, const BootstrapOptions& options, std::map<std::string, Estimate>& strata);

struct Difference {
  double value = 0;  ///< estimate of a minus estimate of b
  std::optional<Interval> ci95;
  /// Two-sided: 2 (1 + draws on the lesser side of zero) / (1 + draws), at most 1. Where fewer than ten draws lie on
  /// that side, the draws cannot tell how rare it is; then Student's t of value / standard_error, if that is less.
  double p_value = 1;
  int64_t clusters = 0;
  std::optional<double> standard_error;       ///< standard deviation of the draws; absent as ci95 is
  std::optional<double> smallest_detectable;  ///< see smallest_detectable_difference(), 95 % level, 80 % power
};

/// Paired difference of two estimate_mean()s: each draw takes the same clusters on both sides, so what the
/// prompts (and shared noise) do to both cancels. Numbers of items in a cluster may differ between the sides.
///
/// @throws UserError  the sides do not hold the same clusters (names one that only one side has).
Difference paired_difference(const Scores& a, const Scores& b, const BootstrapOptions& options = {});

struct WeightedScores {
  double weight = 1;
  const Scores* scores = nullptr;
};

/// The same of any weighted sum of estimate_mean()s over the same clusters: differences of differences, slopes.
/// @throws UserError  as paired_difference.   @throws InternalError  no sides.
Difference paired_contrast(const std::vector<WeightedScores>& sides, const BootstrapOptions& options = {});

/// What the draws of a difference say of it: interval, error, p value.
/// @param draws    of a bootstrap that takes the same clusters on both sides.
/// @param degrees  of freedom: clusters less strata; without any there is nothing but the value.
Difference judged_difference(double value, const std::vector<double>& draws, int64_t clusters, int64_t degrees,
                             double level = 0.95);

/// Quantile of the standard normal, and of Student's t.
/// @param share  in (0, 1).  @param degrees  of freedom, above 0.  @throws InternalError  outside.
double normal_quantile(double share);
double t_quantile(double share, double degrees);

/// Chance that Student's t is further from zero than `t`, on either side.
double two_sided_t(double t, double degrees);

/// Mean of independent repeats (training seeds, say) with Student's interval: mean +- t s / sqrt(n).
/// @throws InternalError  fewer than two values.
Interval t_interval(std::span<const double> values, double level = 0.95);

/// The least true difference that a two-sided test at `level` finds with probability `power`:
/// (t at (1 + level) / 2, plus t at power) times the standard error.
/// @param degrees  of freedom of the standard error, above 0.
double smallest_detectable_difference(double standard_error, double degrees, double level = 0.95, double power = 0.8);

/// p values corrected for their number, in the order given; each at least its p, at most 1.
/// Holm: the chance of any false finding stays below the level. Benjamini-Hochberg: the expected share of
/// false findings among the findings does (independent or positively dependent tests).
/// @throws InternalError  a p outside 0..1.
/// @source  Holm 1979; Benjamini and Hochberg 1995.
std::vector<double> holm(const std::vector<double>& p_values);
std::vector<double> benjamini_hochberg(const std::vector<double>& p_values);

}  // namespace emf
