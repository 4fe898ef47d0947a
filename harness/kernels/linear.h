// SPDX-License-Identifier: Apache-2.0
// Affine map of the last dimension.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// y = x W^T + b.   jvp: y' = x' W^T (weights carry no tangent).
/// @param x  [B,...,I].  @param weight  [O,I].  @param bias  [O] or undefined.  @return [B,...,O].
/// @cost  2 B I O a row of the last dimension, and 2 K I O for the tangent.
Dual linear(const Dual& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace emf
