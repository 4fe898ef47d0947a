// SPDX-License-Identifier: Apache-2.0
// Weights as the products read them, laid out once and kept until they change.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

/// A weight's two uses: y = x W^T, and dx = dy W.
enum class WeightUse { kForward, kBackward };

/// The words of a packed weight. Whoever holds it may read it, whatever becomes of the weight.
struct PackedWeight {
  explicit PackedWeight(int64_t count);
  const int32_t* words() const { return memory.get(); }

  struct Free {
    void operator()(int32_t* words) const;
  };
  std::unique_ptr<int32_t[], Free> memory;  ///< at a multiple of 64 bytes
};

/// The weight packed for a use, from the last time where it has not been written since. Every pass, sample and step
/// between two changes shares one layout. Threads may ask at once.
/// @param weight  [O,I], fp32, contiguous.
/// @cost  one read and write of the weight, at its first use after a change. The layouts of weights that are gone
/// go when about as many new ones have come.
std::shared_ptr<const PackedWeight> packed_weight(const at::Tensor& weight, ElementType element, WeightUse use);

}  // namespace emf::fused
