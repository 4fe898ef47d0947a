// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/resampled_sums.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace emf {
namespace {

double number_of_draw(const NumberOfSums& number, const std::vector<Sum>& sums) {
  std::vector<Sum> own;
  own.reserve(number.slots.size());
  for (const size_t slot : number.slots) own.push_back(sums[slot]);
  return number.of(own);
}

/// The draws that have a value; none when one in ten has not, for the rest would be of other prompts.
std::vector<double> finite(std::vector<double> draws) {
  constexpr double kMostLost = 0.1;
  const size_t before = draws.size();
  std::erase_if(draws, [](double value) { return !std::isfinite(value); });
  if (static_cast<double>(before - draws.size()) > kMostLost * static_cast<double>(before)) draws.clear();
  return draws;
}

}  // namespace

void ResampledSums::add(const std::string& stratum, const std::string& cluster, size_t slot, const Sum& sum) {
  ensure(slot < shares_.size(), "slot {} of {}", slot, shares_.size());
  strata_[stratum][cluster][slot] += sum;
}

std::vector<Sum> ResampledSums::draw(int d, const BootstrapOptions& options) const {
  std::vector<Sum> sums(shares_.size());
  for (const auto& [stratum, clusters] : strata_) {
    BootstrapOptions own = options;
    const std::string stream = fmt::format("{}/{}", options.stream, stratum);
    own.stream = stream;
    const std::vector<int32_t> counts = bootstrap_counts(static_cast<int64_t>(clusters.size()), d, own);
    size_t place = 0;
    for (const auto& [name, parts] : clusters) {
      const double count = counts[place++];
      if (count == 0) continue;
      for (const auto& [slot, sum] : parts) sums[slot] += {count * sum.total, count * sum.weight};
    }
  }
  return sums;
}

std::optional<bool> ResampledSums::unanimous(const NumberOfSums& number, const std::vector<Sum>& all) const {
  const auto each = [&](auto holds) {
    return std::all_of(number.slots.begin(), number.slots.end(),
                       [&](size_t slot) { return shares_[slot] && holds(all[slot]); });
  };
  if (each([](const Sum& sum) { return sum.total == 0; })) return false;
  if (each([](const Sum& sum) { return sum.total == sum.weight; })) return true;
  return std::nullopt;
}

std::vector<Sum> ResampledSums::all() const {
  std::vector<Sum> sums(shares_.size());
  for (const auto& [stratum, clusters] : strata_) {
    for (const auto& [name, parts] : clusters) {
      for (const auto& [slot, sum] : parts) sums[slot] += sum;
    }
  }
  return sums;
}

ResampledSums::Reach ResampledSums::reach_of(const NumberOfSums& number) const {
  Reach reach;
  for (const auto& [stratum, clusters] : strata_) {
    int64_t reached = 0;
    for (const auto& [name, parts] : clusters) {
      const bool any = std::any_of(number.slots.begin(), number.slots.end(),
                                   [&parts = parts](size_t slot) { return parts.count(slot) > 0; });
      if (any) ++reached;
    }
    reach.clusters += reached;
    if (reached > 0) ++reach.strata;
  }
  return reach;
}

std::vector<NumberInterval> ResampledSums::intervals(const std::vector<NumberOfSums>& numbers,
                                                     const std::vector<double>& values,
                                                     const BootstrapOptions& options) const {
  ensure(numbers.size() == values.size(), "{} numbers, {} values", numbers.size(), values.size());
  std::vector<std::vector<double>> draws(numbers.size());
  for (int d = 0; d < options.draws; ++d) {
    const std::vector<Sum> sums = draw(d, options);
    for (size_t i = 0; i < numbers.size(); ++i) draws[i].push_back(number_of_draw(numbers[i], sums));
  }
  const std::vector<Sum> whole = all();
  std::vector<NumberInterval> intervals;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const Reach reach = reach_of(numbers[i]);
    NumberInterval& interval = intervals.emplace_back();
    interval.clusters = reach.clusters;
    if (const auto all_right = unanimous(numbers[i], whole); all_right && reach.clusters > 1) {
      draws[i].clear();
      for (const double share : unanimous_draws(reach.clusters, *all_right, options)) {
        std::vector<Sum> certain = whole;
        for (Sum& sum : certain) sum.total = share * sum.weight;
        draws[i].push_back(number_of_draw(numbers[i], certain));
      }
    }
    const std::vector<double> drawn = finite(std::move(draws[i]));
    if (reach.clusters <= reach.strata || drawn.empty()) continue;
    const Interval found = percentile_interval(drawn, options.level);
    interval.ci95 = Interval{std::min(found[0], values[i]), std::max(found[1], values[i])};
  }
  return intervals;
}

std::vector<Difference> ResampledSums::differences(const std::vector<NumberOfSums>& ours, const ResampledSums& other,
                                                   const std::vector<NumberOfSums>& theirs,
                                                   const std::vector<double>& values,
                                                   const BootstrapOptions& options) const {
  ensure(ours.size() == theirs.size() && ours.size() == values.size(), "{}, {} numbers, {} values", ours.size(),
         theirs.size(), values.size());
  const auto same_names = [](const auto& a, const auto& b) { return a.first == b.first; };
  ensure(std::equal(strata_.begin(), strata_.end(), other.strata_.begin(), other.strata_.end(),
                    [&](const auto& a, const auto& b) {
                      return a.first == b.first &&
                             std::equal(a.second.begin(), a.second.end(), b.second.begin(), b.second.end(), same_names);
                    }),
         "sides of {} and {} strata do not hold the same clusters", strata_.size(), other.strata_.size());
  std::vector<std::vector<double>> draws(ours.size());
  for (int d = 0; d < options.draws; ++d) {
    const std::vector<Sum> left = draw(d, options), right = other.draw(d, options);
    for (size_t i = 0; i < ours.size(); ++i) {
      draws[i].push_back(number_of_draw(ours[i], left) - number_of_draw(theirs[i], right));
    }
  }
  std::vector<Difference> differences;
  for (size_t i = 0; i < ours.size(); ++i) {
    const Reach reach = reach_of(ours[i]);
    const std::vector<double> drawn = finite(std::move(draws[i]));
    if (reach.clusters <= reach.strata || drawn.empty()) {
      differences.push_back({.value = values[i], .clusters = reach.clusters});
    } else {
      differences.push_back(
          judged_difference(values[i], drawn, reach.clusters, reach.clusters - reach.strata, options.level));
    }
  }
  return differences;
}

}  // namespace emf
