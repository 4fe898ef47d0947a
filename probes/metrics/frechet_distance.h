// SPDX-License-Identifier: Apache-2.0
// The Frechet distance of two sets from their statistics, with what it costs to know how sure it is.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/statistics/feature_statistics.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/distance_interval.h"
#include "probes/metrics/feature_pair.h"

namespace emf {

struct FrechetTerms {
  double mean_term = 0, trace_real = 0, trace_generated = 0;
  double trace_root = 0;  ///< tr sqrt(S_a S_b); infinite when the features are too large

  /// At least 0: rounding may leave -1e-14 where the distance is zero.
  double distance() const;
};

/// One set, ready for many distances.
struct FrechetSide {
  explicit FrechetSide(FeatureStatistics given);

  FeatureStatistics statistics;  ///< of D rows at most
  double trace = 0;
};

/// By the nuclear norm: tr sqrt(S_a S_b) is the sum of the singular values of A B^T for any roots A^T A = S_a, B^T B =
/// S_b. No matrix root and no eps, so it is exact at any rank and scale, N < D and D = 1 included; eigenvalues of the
/// product, as other scorers take them, lose half of the digits at low rank.
///
/// @cost  2 r^2 D + about 8/3 r^3, r = the smaller of N and D on either side.
FrechetTerms frechet_terms(const FrechetSide& real, const FrechetSide& generated);

/// Multiplications of one distance, for deciding whether an interval is worth it.
double frechet_work(int64_t real_rows, int64_t generated_rows, int64_t dimension);

/// The statistics of all rows but those of one group, for every group: merges of what stands before and behind it.
/// Groups are equal stretches of a shuffle by (seed, stream).
/// @cost  3 groups merges.
std::vector<FeatureStatistics> without_each_group(const RowMatrixMap& rows, int64_t groups, uint64_t seed,
                                                  std::string_view stream);

/// Delete-a-group jackknife over rows of both sides, with Student's quantile. Groups are a shuffle's.
/// @param real, generated  of all rows of `pair`.
/// @param groups  at least 2, at most the rows of either side.
/// @cost  2 groups distances and as many merges.
DistanceInterval frechet_jackknife(const FeaturePair& pair, const FrechetSide& real, const FrechetSide& generated,
                                   double distance, int64_t groups, uint64_t seed);

/// Over rows of the generated side alone, where of the other statistics are all there is; `corrected` lacks the bias of
/// that side.
DistanceInterval frechet_jackknife(const FrechetSide& real, const RowMatrixMap& generated, double distance,
                                   int64_t groups, uint64_t seed);

/// Bootstrap over rows of both sides. Draws are moved so that their mean is the distance: the copies in a resample make
/// it too far from anything.
/// @cost  draws distances, and the statistics of as many resamples.
DistanceInterval frechet_bootstrap(const FeaturePair& pair, double distance, const BootstrapOptions& options);

/// Likewise over rows of the generated side alone.
DistanceInterval frechet_bootstrap(const FrechetSide& real, const RowMatrixMap& generated, double distance,
                                   const BootstrapOptions& options);

/// Distances of growing numbers of generated rows from all real ones, and the straight line through them in 1 / N,
/// whose end at 1 / N = 0 is the distance of infinitely many.
struct FrechetLine {
  std::vector<int64_t> sizes;
  std::vector<double> distances;
  double intercept = 0, slope = 0;
};

/// @param order  of the generated rows: the first `size` of them make a subset.
/// @param sizes  rising, the first at least 2, the last at most order.size().
/// @source  Chong and Forsyth 2020 (FID-infinity); least squares as its released code.
FrechetLine frechet_line(const FrechetSide& real, const RowMatrixMap& generated, const std::vector<int64_t>& order,
                         const std::vector<int64_t>& sizes);

/// Delete-a-group jackknife of the line's intercept over generated rows (group of the i-th place: i mod groups).
DistanceInterval frechet_line_jackknife(const FrechetSide& real, const RowMatrixMap& generated,
                                        const std::vector<int64_t>& order, const FrechetLine& line, int64_t groups);

}  // namespace emf
