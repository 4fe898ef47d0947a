// SPDX-License-Identifier: Apache-2.0
// A step of the residual stream with the normalisation that the next branch begins with.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

struct NormedSum {
  Dual sum, normed;
};

/// sum = x + gate branch;   normed = modulate(layer_norm(sum), shift, scale). Between two branches of a block these are
/// one operation, so that a device's kernel reads and writes the stream once (harness/kernels/fused).
///
/// A Dual without a value is absent: without a branch sum is x, without a gate the branch is added as it is, without
/// shift and scale the norm is not modulated.
/// @param x, branch  [B,L,D].  @param gate, shift, scale  [B,D], broadcast over L.
/// @throws InternalError  tangents of different K, a gate without a branch, one of shift and scale alone.
NormedSum residual_norm(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift, const Dual& scale,
                        double eps = 1e-6);

/// modulate(layer_norm(x), shift, scale).
Dual modulated_norm(const Dual& x, const Dual& shift, const Dual& scale, double eps = 1e-6);

}  // namespace emf
