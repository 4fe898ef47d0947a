// SPDX-License-Identifier: Apache-2.0
// How `bench` measures: wall and CPU time of a call, and the machine's own speed of matrix products beside it.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "harness/tensor/placement.h"

namespace emf {

struct Clock {
  double wall_s = 0, cpu_s = 0;
};

/// User and system time of this process so far.
double cpu_seconds();
int64_t peak_bytes();

/// Time of one call: after a warm-up, the least of `repetitions` (the machine may be busy).
template <typename Action>
Clock time_of(const Action& action, int repetitions = 5) {
  action();
  Clock best{1e30, 1e30};
  for (int i = 0; i < repetitions; ++i) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    action();
    best.wall_s =
        std::min(best.wall_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    best.cpu_s = std::min(best.cpu_s, cpu_seconds() - cpu);
  }
  return best;
}

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
