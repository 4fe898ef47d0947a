// Layer normalisation without parameters, and the adaLN modulation that follows it.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// y = (x - mean) / sqrt(var + eps) over the last dimension.
/// jvp: y' = (x' - mean(x') - y mean(x' y)) / sqrt(var + eps).
/// @param x  [B,L,D].
Dual layer_norm(const Dual& x, double eps = 1e-6);

/// y = x (1 + scale) + shift.   jvp by the product rule.
/// @param x  [B,L,D].  @param shift, scale  [B,D], broadcast over L.   @source  DiT (Peebles & Xie 2023), adaLN.
Dual modulate(const Dual& x, const Dual& shift, const Dual& scale);

}  // namespace emf
