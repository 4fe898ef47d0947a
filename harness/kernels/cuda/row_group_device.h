// SPDX-License-Identifier: Apache-2.0
// The threads that share a row, on the device (see row_group.h). For .cu files alone.
#pragma once

#include "harness/kernels/cuda/row_group.h"

namespace emf::fused {

/// A warp a row (threads of one row are neighbours in the block), or the whole block a row.
template <class Lane, int kThreadsOfRow>
class DeviceGroup {
 public:
  static constexpr int kThreads = kThreadsOfRow;

  __device__ DeviceGroup() : thread_(static_cast<int>(threadIdx.x) % kThreads) {}

  template <class F>
  __device__ __forceinline__ void each(const F& f) {
    f(thread_, lane_);
  }

  /// Every thread of the block calls it as often as the others.
  template <class F>
  __device__ __forceinline__ Two sum(const F& f) {
    Two part = f(thread_, lane_);
#pragma unroll
    for (int step = kWarp / 2; step > 0; step /= 2) {
      part = part + Two{__shfl_xor_sync(0xffffffffu, part.a, step), __shfl_xor_sync(0xffffffffu, part.b, step)};
    }
    if constexpr (kThreads == kWarp) {
      return part;
    } else {
      constexpr int kWarps = kThreads / kWarp;
      // Two places in turn, so that one wait a sum is enough: who writes a place again has waited once since it was
      // read.
      __shared__ Two of_warp[2][kWarps];
      Two* const place = of_warp[turn_];
      turn_ ^= 1;
      if (thread_ % kWarp == 0) place[thread_ / kWarp] = part;
      __syncthreads();
      Two total{0, 0};
#pragma unroll
      for (int warp = 0; warp < kWarps; ++warp) total = total + place[warp];
      return total;
    }
  }

 private:
  Lane lane_;
  int thread_;
  int turn_ = 0;
};

}  // namespace emf::fused
