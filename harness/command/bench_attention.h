// SPDX-License-Identifier: Apache-2.0
// What attention costs on this machine, with its tangent and without.
#pragma once

#include <cstdint>

#include "harness/base/json.h"
#include "harness/tensor/placement.h"

namespace emf {

struct AttentionBench {
  int64_t batch = 128, tokens = 64, text_tokens = 12, heads = 4, head_size = 64;
  double share = 1;  ///< of rows that carry a tangent
  bool is_bfloat16 = false;
};

/// Self-attention (all three move) and cross-attention to text (queries alone move), by the layers' kernels and by
/// ATen's operations: value, value and tangent, value and gradient. Medians of interleaved rounds; each with the
/// relative error of value, tangent and gradient against fp64.
Json bench_attention(const AttentionBench& bench, int threads, const Placement& placement);

}  // namespace emf
