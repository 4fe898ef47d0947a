// SPDX-License-Identifier: Apache-2.0
// Softmax attention that carries its tangent, on a CUDA device: value and jvp in one tiled pass.
//
// Depends on the CUDA runtime alone; whoever has tensors lends pointers and a stream.
#pragma once

#include <cstdint>

#include "harness/kernels/fused/element_type.h"
#include "harness/kernels/fused/host_device.h"

namespace emf::fused {

/// Rows of all heads, [batch, rows, heads, head_size] in this order of memory, the last dimension dense. Strides are in
/// elements. A slice of a fused projection is one without a copy.
struct HeadRows {
  const void* data = nullptr;  ///< nullptr: it does not move (of tangents alone)
  int64_t batch_stride = 0, row_stride = 0, head_stride = 0;
};

/// o = softmax(scale q k^T, keys where mask) v, and for the first `tangent_batch` of the batch
/// o' = (P S') v + P v' - rowsum(P S') o  with  S' = scale (q' k^T + q k'^T).
struct DualAttention {
  ElementType element = ElementType::kBfloat16;  ///< of all inputs and outputs; softmax and sums are float32
  int64_t batch = 0, tangent_batch = 0, heads = 0, queries = 0, keys = 0;
  int64_t head_size = 0;  ///< 8 to 128, a multiple of 8
  float scale = 1;
  HeadRows q, k, v;
  /// All three move (self-attention), q's alone (cross-attention to text, which stands still), or none.
  HeadRows q_tangent, k_tangent, v_tangent;
  const bool* mask = nullptr;      ///< [batch, keys], true = may be attended, at least one a row; nullptr: all
  void* output = nullptr;          ///< [batch, queries, heads, head_size], dense
  void* output_tangent = nullptr;  ///< [tangent_batch, queries, heads, head_size], dense; nullptr: none wanted
  float* log_sum_exp = nullptr;    ///< [batch, heads, queries], of scaled scores, natural; nullptr: not wanted
};

/// What the gradient needs of a row of scores. 8 bytes.
struct RowNumbers {
  float log_sum_exp;  ///< to the base 2; infinite where there is no row, whose weights are then zero
  float output_sum;   ///< rowsum(dO O)
};

/// Rows of a head in the scratch, so many that a tile never ends beyond them.
EMF_HOST_DEVICE constexpr int64_t padded_rows(int64_t rows) { return (rows + 63) / 64 * 64; }

/// The gradient of the value: of a scalar whose derivative by o is `output_gradient`. Tangents carry no gradient.
///   dV = P^T dO,  dS = P (dO V^T - rowsum(dO O)),  dQ = scale dS K,  dK = scale dS^T Q.
struct AttentionGradient {
  ElementType element = ElementType::kBfloat16;
  int64_t batch = 0, heads = 0, queries = 0, keys = 0, head_size = 0;
  float scale = 1;
  HeadRows q, k, v;
  const bool* mask = nullptr;
  HeadRows output, output_gradient;
  const float* log_sum_exp = nullptr;           ///< [batch, heads, queries], of the forward pass
  RowNumbers* rows = nullptr;                   ///< [batch, heads, padded_rows(queries)] of scratch
  HeadRows q_gradient, k_gradient, v_gradient;  ///< written, whole
};

}  // namespace emf::fused
