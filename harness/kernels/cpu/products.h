// SPDX-License-Identifier: Apache-2.0
// The CPU's products on LibTorch's tensors, without a graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>

#include "harness/kernels/cpu/packed_weights.h"
#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

/// In what a product of x is taken: bf16 under autocast, else as x is; nothing where no kernel has it.
std::optional<ElementType> product_element(const at::Tensor& x);

/// Whether x and a weight [O,I] are what the kernels take: an fp32 weight without gaps, and, in bf16, sizes that are
/// whole pairs.
bool takes_product(const at::Tensor& x, const at::Tensor& weight, ElementType element);

/// x without its graph, of this type and without gaps; copied only where it must be.   @param x  [...,I].
at::Tensor rows_of(const at::Tensor& x, ElementType element);

/// x right + bias.   @param x  rows_of() something, [...,I].   @param right  packed [I,columns].
/// @return  [...,columns] of the element's type.
at::Tensor multiply(const at::Tensor& x, const PackedWeight& right, int64_t columns,
                    const std::optional<at::Tensor>& bias, ElementType element);

/// dW [O,I] and db [O] of y = x W^T + b, both fp32.   @param x, y_gradient  rows_of() something.
std::pair<at::Tensor, at::Tensor> weight_gradient(const at::Tensor& x, const at::Tensor& y_gradient,
                                                  ElementType element);

}  // namespace emf::fused
