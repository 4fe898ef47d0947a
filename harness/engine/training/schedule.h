// SPDX-License-Identifier: Apache-2.0
// How the learning rate goes over a budget.
#pragma once

#include <cmath>
#include <numbers>

namespace emf {

/// Linear warm-up, then half a cosine down to a share of the peak that stays. Shares of the budget, not steps: a run of
/// another length or batch goes through the same rates.
struct Schedule {
  double peak = 0;
  double warm_up = 0;     ///< share of the budget
  double floor = 0;       ///< share of the peak at the end
  double head_start = 0;  ///< added to the budget's share while warming up, so that the first step moves something

  /// @param share  of the budget that is done, in [0, 1).
  double at(double share) const {
    if (share < warm_up) return peak * (share + head_start) / warm_up;
    const double rest = (share - warm_up) / (1 - warm_up);
    return peak * (floor + (1 - floor) * (1 + std::cos(std::numbers::pi * rest)) / 2);
  }
};

/// Of generators and encoders. Its head start is too small to be seen: the first step is lost in all but its moments.
inline Schedule generator_schedule(double peak, double warm_up) { return {peak, warm_up, 0.05, 1e-9}; }

/// Of instruments, which end nearer to zero and begin with a thousandth of the peak.
inline Schedule instrument_schedule(double peak, double warm_up) { return {peak, warm_up, 0.01, 1e-3 * warm_up}; }

}  // namespace emf
