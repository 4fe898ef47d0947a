// SPDX-License-Identifier: Apache-2.0
// The draws of numpy's RandomState, which other scorers take their subsets from.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace emf {

/// numpy.random.RandomState(seed): MT19937 and the shuffles built on it, which numpy has frozen.
/// For agreement with other software alone; the benchmark's own draws are counter-based (random.h).
class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed) : engine_(seed) {}

  /// RandomState.permutation(n): 0..n-1 shuffled; n below 2^32.
  std::vector<int64_t> permutation(int64_t n);

  /// RandomState.choice(n, size, replace=False).  @param size  at most n.
  std::vector<int64_t> choice(int64_t n, int64_t size);

 private:
  uint32_t below_or_at(uint32_t highest);

  std::mt19937 engine_;
};

}  // namespace emf
