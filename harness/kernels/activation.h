// SPDX-License-Identifier: Apache-2.0
// Pointwise non-linearities.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// GELU in its tanh form.   jvp: gelu'(x) x'.
Dual gelu(const Dual& x);

/// SiLU, x sigmoid(x).   jvp: silu'(x) x'.
Dual silu(const Dual& x);

}  // namespace emf
