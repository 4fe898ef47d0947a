// SPDX-License-Identifier: Apache-2.0
// The residual stream's step and the normalisation that follows it, value and tangent in one launch.
#pragma once

#include <cstdint>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

/// A row's vector of a sample, [samples, width] with any distance between samples; null = absent.
struct SampleVector {
  const void* values = nullptr;
  int64_t stride = 0;  ///< elements from one sample to the next, a multiple of 4
};

/// sum = x + gate branch;   normed = (sum - mean) rstd (1 + scale) + shift, over the last dimension.
///
/// Rows are tokens: [samples, tokens, width]. Tangents belong to the first moving_samples. Whatever is null is absent:
/// without a branch sum is x and not written; without a gate it counts as one; without normed only the sum is made.
/// Arithmetic is fp32. The stream (x, sum) may be fp32 where branch, normed and the vectors are bf16: du/dt is a small
/// difference along the stream, and a bf16 stream rounds every layer's contribution to 3 digits of the sum.
/// What is written is rounded before it is normalised, so that the backward pass, which reads it, sees the same row.
struct ResidualNorm {
  int64_t samples, tokens, moving_samples;
  int width;  ///< a multiple of 4, at most 8192
  float epsilon;
  ElementType stream, narrow;  ///< of x, sum; of everything else. (fp32, fp32), (fp32, bf16) or (bf16, bf16)

  const void *x, *branch;
  SampleVector gate, shift, scale;
  const void *x_tangent, *branch_tangent;
  SampleVector gate_tangent, shift_tangent, scale_tangent;

  void *sum, *normed;
  float *mean, *rstd;  ///< [samples, tokens], for the backward pass; null = not wanted
  void *sum_tangent, *normed_tangent;
};

/// The value's backward pass, in two launches: rows, then the vectors' sums over tokens, which are taken in one order.
struct ResidualNormBackward {
  int64_t samples, tokens;
  int width;
  ElementType stream, narrow;

  const void* sum;  ///< x where there was no branch
  const float *mean, *rstd;
  const void* branch;  ///< needed for the gate's gradient alone
  SampleVector gate, scale;

  const void *sum_gradient, *normed_gradient;  ///< either may be null: zero

  void *x_gradient, *branch_gradient;                     ///< null = not wanted
  void *gate_gradient, *shift_gradient, *scale_gradient;  ///< [samples, width] of the narrow type; null = not wanted
  /// Room for Launchers::residual_norm_partial_sums() floats; null where none of the three is wanted.
  float* partial_sums;
};

}  // namespace emf::fused
