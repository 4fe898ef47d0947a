// SPDX-License-Identifier: Apache-2.0
// How sure numbers are that are functions of sums over items: ratios, weighted means of groups, products of shares.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/sum.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// A number, and the sums that it is made of.
struct NumberOfSums {
  std::vector<size_t> slots;
  std::function<double(std::span<const Sum>)> of;  ///< of the sums at `slots`, in that order
};

/// A number's interval, and what it rests on.
struct NumberInterval {
  std::optional<Interval> ci95;  ///< absent where fewer than two clusters add to its sums, or one draw in ten has none
  int64_t clusters = 0;          ///< that add to any of its sums
};

/// The sums of many items, kept by cluster. Clusters of one stratum are drawn with replacement; as many are drawn from
/// every stratum as it has. The order in which items were added decides nothing.
class ResampledSums {
 public:
  /// @param shares  [slots]: values lie in 0..1. Where all values that a number is made of are 0, or all are 1, its
  ///                interval is that of unanimous_draws(), and not of width zero.
  explicit ResampledSums(std::vector<bool> shares) : shares_(std::move(shares)) {}

  void add(const std::string& stratum, const std::string& cluster, size_t slot, const Sum& sum);

  /// @param values  of the numbers, which their intervals hold.
  /// @cost  options.draws times (clusters random numbers + the slots that they add to + every number).
  std::vector<NumberInterval> intervals(const std::vector<NumberOfSums>& numbers, const std::vector<double>& values,
                                        const BootstrapOptions& options) const;

  /// Differences of this side's numbers less the other's: each draw takes the same clusters on both sides.
  /// @param theirs  the other side's numbers, as many; their slots are the other side's.
  /// @param values  of the differences.
  /// @throws InternalError  sides of different strata or clusters.
  std::vector<Difference> differences(const std::vector<NumberOfSums>& ours, const ResampledSums& other,
                                      const std::vector<NumberOfSums>& theirs, const std::vector<double>& values,
                                      const BootstrapOptions& options) const;

 private:
  using Cluster = std::map<size_t, Sum>;  // slot -> sum
  struct Reach {
    int64_t clusters = 0, strata = 0;
  };

  std::vector<Sum> draw(int d, const BootstrapOptions& options) const;
  std::vector<Sum> all() const;
  /// Whether all values of a number are 1 (true) or 0 (false), where they are one or the other.
  std::optional<bool> unanimous(const NumberOfSums& number, const std::vector<Sum>& all) const;
  Reach reach_of(const NumberOfSums& number) const;

  std::vector<bool> shares_;
  std::map<std::string, std::map<std::string, Cluster>> strata_;
};

}  // namespace emf
