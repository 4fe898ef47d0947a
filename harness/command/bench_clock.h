// SPDX-License-Identifier: Apache-2.0
// How `bench` measures: wall and CPU time of a call, and the machine's own speed of matrix products beside it.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/tensor/placement.h"

namespace emf {

struct Clock {
  double wall_s = 0, cpu_s = 0;
};

/// User and system time of this process so far.
double cpu_seconds();
int64_t peak_bytes();

/// Time of this very call.
template <typename Action>
Clock once(const Action& action) {
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  action();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), cpu_seconds() - cpu};
}

/// Time of one call: after a warm-up, the least of `repetitions` (the machine may be busy).
template <typename Action>
Clock time_of(const Action& action, int repetitions = 5) {
  action();
  Clock best{1e30, 1e30};
  for (int i = 0; i < repetitions; ++i) {
    const Clock clock = once(action);
    best = {std::min(best.wall_s, clock.wall_s), std::min(best.cpu_s, clock.cpu_s)};
  }
  return best;
}

/// Median times of each action, taken in rounds of all of them after a round that does not count: what disturbs the
/// machine for a while disturbs all alike.
std::vector<Clock> interleaved_medians(const std::vector<std::function<void()>>& actions, int rounds);

/// FLOP a second of a square matrix product large enough to be compute-bound: a CPU second on the threads LibTorch uses
/// now, a second of the clock on a device.
double gemm_roofline(const Placement& placement = {}, at::ScalarType type = at::kFloat);

/// What was measured beside the machine's own products.
struct Speed {
  const char* key;   ///< "gemm_gflop_per_cpu_second", or "gemm_gflop_per_second" of a device
  double gemm = 0;   ///< gemm_roofline()
  double share = 0;  ///< of it
};
Speed speed_of(double flops, const Clock& clock, const Placement& placement, at::ScalarType type = at::kFloat);

}  // namespace emf
