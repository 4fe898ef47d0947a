// SPDX-License-Identifier: Apache-2.0
// The affine layers on the CPU's own products: what fills in harness/kernels/device_operations.h.
#pragma once

#include <optional>

#include "harness/tensor/dual.h"

namespace emf::fused {

/// harness/kernels/linear.h. Under autocast the products are in bf16, from which y comes in bf16.
std::optional<Dual> linear(const Dual& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace emf::fused
