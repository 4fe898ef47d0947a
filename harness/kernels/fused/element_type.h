// SPDX-License-Identifier: Apache-2.0
// The types in which kernels store numbers; they compute in fp32.
#pragma once

#include <cstdint>

namespace emf::fused {

enum class ElementType { kFloat32, kBfloat16 };

/// The upper half of a float. Conversion from float rounds to the nearest, ties to even, as ATen's does.
struct Bfloat16 {
  uint16_t bits;
};

}  // namespace emf::fused
