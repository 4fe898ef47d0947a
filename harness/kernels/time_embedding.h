// SPDX-License-Identifier: Apache-2.0
// Sinusoidal features of a scalar time.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// y = [cos(a), sin(a)], a_i = scale t base^(-i/half), i = 0 .. half-1.   jvp: [-sin(a), cos(a)] a'.
///
/// @param t  [B] fp32 or fp64, about 0..1; not bf16 (its rounding puts 76 % error into du/dt at scale 1000).
/// @param dimensions  even.  @param scale  16 by default in the models: at 1000 the derivative is large and a model
///   fine-tuned from flow matching blows up.   @return [B,dimensions].
Dual time_embedding(const Dual& t, int64_t dimensions, double scale, double base = 1e4);

}  // namespace emf
