// SPDX-License-Identifier: Apache-2.0
// The draws of PyTorch's CPU generator, which other scorers take their directions and subsets from.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace emf {

/// torch.Generator("cpu").manual_seed(seed), without LibTorch.
/// For agreement with other software alone; the benchmark's own draws are counter-based (random.h).
/// @source  ATen 2.13: CPUGeneratorImpl.h, DistributionsHelper.h, native/cpu/DistributionTemplates.h (randperm,
///          normal_fill). Its vector units round logarithms and cosines in the last digit of a float.
class TorchRandom {
 public:
  explicit TorchRandom(uint64_t seed) : engine_(static_cast<uint32_t>(seed)) {}

  /// torch.randperm(n); n below 2^32.
  std::vector<int64_t> permutation(int64_t n);

  /// torch.randn of `count` float32 in one call, row by row whatever their shape.
  /// @param count  at least 16: below, ATen draws otherwise.
  std::vector<float> normal(int64_t count);

 private:
  void fill_uniform(float* to, int64_t count);

  std::mt19937 engine_;
};

}  // namespace emf
