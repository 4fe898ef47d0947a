// SPDX-License-Identifier: Apache-2.0
// GELU (tanh form) and SiLU, value and tangent in one launch.
#pragma once

#include <cstdint>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

enum class ActivationKind { kGelu, kSilu };

/// y = f(x), and y' = f'(x) x' of the first `moving` numbers. Storage of one type, arithmetic in fp32.
struct Activation {
  ActivationKind kind;
  ElementType type;
  int64_t count, moving;
  const void *x, *x_tangent;  ///< places are multiples of 16 bytes; x_tangent null where moving is 0
  void *y, *y_tangent;
};

/// x_gradient = f'(x) y_gradient.
struct ActivationBackward {
  ActivationKind kind;
  ElementType type;
  int64_t count;
  const void *x, *y_gradient;
  void* x_gradient;
};

}  // namespace emf::fused
