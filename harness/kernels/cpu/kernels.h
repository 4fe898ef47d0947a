// SPDX-License-Identifier: Apache-2.0
// The CPU's kernels as a table of functions on ranges, one table a kind of processor.
#pragma once

#include <cstdint>

#include "harness/kernels/cpu/product.h"
#include "harness/kernels/fused/activation.h"
#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/attention.h"
#include "harness/kernels/fused/residual_norm.h"

namespace emf::fused {

/// What each computes stands in its call's header. Ranges may be worked on by several threads; results do not depend
/// on how they are cut.
struct CpuKernels {
  const char* name;  ///< "avx512", "avx512_bf16"
  bool has_bf16;     ///< calls in bf16 are taken

  void (*pack)(const Packing& call, ElementType element);
  void (*product)(const Product& call, ElementType element, int64_t first_row, int64_t last_row);
  /// Outputs; cut at multiples of kGradientBlock.
  void (*weight_gradient)(const WeightGradient& call, ElementType element, int64_t first, int64_t last);
  void (*residual_norm)(const ResidualNorm& call, int64_t first_row, int64_t last_row);
  void (*residual_norm_backward)(const ResidualNormBackward& call, int64_t first_sample, int64_t last_sample);
  void (*activation)(const Activation& call, int64_t first, int64_t last);
  void (*activation_backward)(const ActivationBackward& call, int64_t first, int64_t last);
  void (*attention)(const DualAttention& call, int64_t sample, int64_t head);
  void (*attention_gradient)(const AttentionGradient& call, int64_t sample, int64_t head);
  double (*adamw_chunk_squares)(const AdamwCall& call, int64_t chunk);
  void (*adamw_chunk_step)(const AdamwCall& call, int64_t chunk);
};

constexpr int64_t kGradientBlock = 48;

/// The best that this processor runs, or less where EMFBENCH_CPU_KERNELS says so (avx512_bf16, avx512, none), as to
/// have another machine's; asked once. A word that is none of these ends the program, exit code 2. Null where it runs
/// none (no AVX-512, or a build for other processors), and the layers are ATen's operations.
const CpuKernels* cpu_kernels();

// Each is compiled for its processor alone, in a file of its own.
CpuKernels kernels_avx512();
CpuKernels kernels_avx512_bf16();

}  // namespace emf::fused
