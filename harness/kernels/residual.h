// SPDX-License-Identifier: Apache-2.0
// Sums of duals, and the gated residual of adaLN-Zero.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// x + y.   @throws InternalError  tangents of different K.
Dual add(const Dual& x, const Dual& y);

/// x + gate y.   jvp by the product rule.
/// @param x, y  [B,L,D].  @param gate  [B,D], broadcast over L.   @source  DiT, adaLN-Zero.
/// @throws InternalError  tangents of different K.
Dual gated_residual(const Dual& x, const Dual& gate, const Dual& y);

}  // namespace emf
