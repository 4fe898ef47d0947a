// SPDX-License-Identifier: Apache-2.0
// The threads that share a row: what each does, and sums over all of them.
//
// A row's work is written once, as a function of a group: group.each(f) lets every thread do f(thread, lane), where
// lane is what that thread keeps, and group.sum(f) adds what f gives for every thread. On the device each thread runs
// the function itself (row_group_device.h); here, on the host, one after the other, with the sums in the same order.
#pragma once

#include <cstring>
#include <vector>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/host_device.h"

namespace emf::fused {

/// Two sums are taken at once, because a sum costs a wait.
struct Two {
  float a, b;
};

EMF_HOST_DEVICE Two operator+(Two x, Two y) { return {x.a + y.a, x.b + y.b}; }

constexpr int kWarp = 32;

template <class Lane, int kThreadsOfRow>
class HostGroup {
 public:
  static constexpr int kThreads = kThreadsOfRow;
  static_assert(kThreads % kWarp == 0);

  /// What no thread has set yet is NaN (all bits set), as it is anything on the device.
  HostGroup() : lanes_(kThreads) { std::memset(static_cast<void*>(lanes_.data()), 0xff, kThreads * sizeof(Lane)); }

  template <class F>
  void each(const F& f) {
    for (int thread = 0; thread < kThreads; ++thread) f(thread, lanes_[static_cast<size_t>(thread)]);
  }

  template <class F>
  Two sum(const F& f) {
    std::vector<Two> parts;
    each([&](int thread, Lane& lane) { parts.push_back(f(thread, lane)); });
    Two total{0, 0};
    for (size_t warp = 0; warp < parts.size(); warp += kWarp) {
      for (size_t step = kWarp / 2; step > 0; step /= 2) {
        for (size_t i = 0; i < step; ++i) parts[warp + i] = parts[warp + i] + parts[warp + i + step];
      }
      total = total + parts[warp];
    }
    return total;
  }

 private:
  std::vector<Lane> lanes_;
};

}  // namespace emf::fused
