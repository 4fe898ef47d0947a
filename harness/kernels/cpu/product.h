// SPDX-License-Identifier: Apache-2.0
// Products of matrices on the CPU: a layer's value and tangent, its input's gradient, its weight's gradient.
#pragma once

#include <cstdint>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

/// A right factor laid out for the kernels, in panels of 32 columns, each [units][32] words of 32 bits. A unit is a
/// number of fp32 or two of bf16 that are neighbours along the inner dimension. Made once for a weight, then used by
/// value, tangent and every later pass until the weight changes.
struct Packing {
  ElementType source;  ///< fp32 numbers become bf16 on the way, where the kernels' element is bf16
  const void* from;
  int64_t stride;          ///< numbers from one row to the next
  int64_t inner, columns;  ///< of the factor
  bool is_inner_dense;     ///< it lies as [columns, inner], as a weight does for y = x W^T; else as [inner, columns]
  int32_t* to;
};

/// out = left right + bias.   Sums are fp32 and come in one order, however the rows are shared among threads.
struct Product {
  int64_t rows, columns, inner;
  const void* left;
  int64_t left_stride;  ///< numbers from one row to the next; within a row they are dense
  const int32_t* right;
  const float* bias;  ///< [columns], null = zero
  void* out;
  int64_t out_stride;
  ElementType out_type;
};

/// dW = dY^T X and db = the sum of dY's rows, both fp32.
struct WeightGradient {
  int64_t rows, outputs, inputs;
  const void* y_gradient;  ///< [rows, outputs]
  int64_t y_stride;
  const int32_t* x;        ///< packed, with rows as the inner dimension
  float* weight_gradient;  ///< [outputs, inputs], written whole
  float* bias_gradient;    ///< [outputs]; null = not wanted
};

/// Words of a packed factor.
constexpr int64_t packed_words(int64_t inner, int64_t columns, ElementType element) {
  const int64_t numbers = element == ElementType::kFloat32 ? 1 : 2;
  return (inner + numbers - 1) / numbers * ((columns + 31) / 32 * 32);
}

}  // namespace emf::fused
