// SPDX-License-Identifier: Apache-2.0
// Where elements lie in the tiles of the attention kernels, and the online softmax with its tangent. One text for
// device and host: the tests run it on the host.
//
// Source of the layouts: PTX ISA, "Register fragments and shared memory matrix layouts" of wgmma. Source of the online
// softmax: FlashAttention-2 (Dao 2023); its tangent: rowsum(P S') is a running sum like rowsum(P).
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/host_device.h"

namespace emf::fused {

/// Exponentials and logarithms go to the base 2, which is what the hardware has.
constexpr float kLog2E = 1.4426950408889634F, kLnOfTwo = 0.6931471805599453F;

}  // namespace emf::fused

namespace emf::fused::tiles {

/// Rows of queries that one group of 128 threads holds.
constexpr int kGroupRows = 64;

/// Row (0..63) of the accumulator register `index` of thread `thread` (0..127) of a group.
EMF_HOST_DEVICE constexpr int accumulator_row(int thread, int index) {
  return 16 * (thread / 32) + (thread % 32) / 4 + 8 * ((index / 2) % 2);
}

/// Its column: eight columns a block of four registers.
EMF_HOST_DEVICE constexpr int accumulator_column(int thread, int index) {
  return 8 * (index / 4) + 2 * (thread % 4) + index % 2;
}

/// The accumulator register whose value (and that of the next) packed register `part` (0..3) of a product's left factor
/// wants in its step `step` of 16 columns: what one product leaves is what the next takes, no exchange between threads.
EMF_HOST_DEVICE constexpr int left_factor_source(int step, int part) { return 8 * step + 2 * part; }

/// Columns of the head that chunk `chunk` of a tile holds: as many chunks of 64 as there are, then what is left,
/// padded to 16, 32 or 64. Zeros beyond the head's size.
EMF_HOST_DEVICE constexpr int chunk_columns(int head, int chunk) {
  const int left = head - 64 * chunk;
  return left >= 64 ? 64 : left > 32 ? 64 : left > 16 ? 32 : left > 0 ? 16 : 0;
}

EMF_HOST_DEVICE constexpr int chunk_count(int head) { return (head + 63) / 64; }

/// Columns of all chunks.
EMF_HOST_DEVICE constexpr int padded_head(int head) {
  return 64 * (chunk_count(head) - 1) + chunk_columns(head, chunk_count(head) - 1);
}

/// What is kept of a row of scores while its keys come by in tiles.
struct OnlineRow {
  float maximum = -INFINITY;  ///< of scaled scores, to the base 2
  float sum = 0;              ///< of weights, over the maximum
  float moved = 0;            ///< of weights times scores' tangents

  /// How far a tile's maximum may be above the row's without the row's being raised: weights are then up to 2^8,
  /// which no sum minds, and what has been summed need not be multiplied.
  static constexpr float kSlack = 8;

  /// Takes a tile's maximum in.   @return  the factor of everything summed before; 1 in nearly every tile but the
  /// first.
  EMF_HOST_DEVICE float raise(float tile_maximum) {
    if (tile_maximum <= maximum + kSlack) return 1.0F;  // also while every key so far is masked
    const float factor = exp2f(maximum - tile_maximum);
    maximum = tile_maximum;
    sum *= factor;
    moved *= factor;
    return factor;
  }

  /// What scores are lowered by before exp2: finite even where all are masked.
  EMF_HOST_DEVICE float base() const { return maximum == -INFINITY ? 0.0F : maximum; }
};

/// What a row's scaled tangents are lowered by: their mean over its first tile (0 where that is masked whole). o'
/// does not depend on it, and what bfloat16 rounds is then their spread, not their size.
/// @param products  sum of weights times unscaled tangents.   @param sum  of weights.
EMF_HOST_DEVICE float centre_of(float products, float sum, float scale) {
  return sum > 0 ? scale * products / sum : 0.0F;
}

/// P S' of one element, not yet divided by the row's sum.
EMF_HOST_DEVICE float moved_weight(float weight, float tangent, float scale, float centre) {
  return weight * (tangent * scale - centre);
}

/// o' of one element.   @param sum  of P S' v + P v'.   @param moved  of P S'.   @param output  o.
/// @param inverse  1 / the row's sum of weights.
EMF_HOST_DEVICE float finished_tangent(float sum, float moved, float output, float inverse) {
  return (sum - moved * output) * inverse;
}

/// dS of one element, without the scale.   @param row_sum  of dO O.
EMF_HOST_DEVICE float score_gradient(float weight, float weight_gradient, float row_sum) {
  return weight * (weight_gradient - row_sum);
}

}  // namespace emf::fused::tiles
