// SPDX-License-Identifier: Apache-2.0
// What kernels_*.cc compile, each for its kind of processor.
#pragma once

#include "harness/kernels/cpu/adamw_body.h"
#include "harness/kernels/cpu/attention_body.h"
#include "harness/kernels/cpu/kernels.h"
#include "harness/kernels/cpu/product_body.h"
#include "harness/kernels/cpu/residual_norm_body.h"

namespace emf::fused {
namespace {

/// f(Units()).
template <class F>
inline void with_units(ElementType element, const F& f) {
#ifdef __AVX512BF16__
  if (element == ElementType::kBfloat16) return f(Bfloat16Units());
#endif
  (void)element;
  f(Float32Units());
}

void pack_any(const Packing& call, ElementType element) {
  with_units(element, [&](auto units) { pack<decltype(units)>(call); });
}
void product_any(const Product& call, ElementType element, int64_t first, int64_t last) {
  with_units(element, [&](auto units) { product_rows<decltype(units)>(call, first, last); });
}
void weight_gradient_any(const WeightGradient& call, ElementType element, int64_t first, int64_t last) {
  with_units(element, [&](auto units) { weight_gradient_rows<decltype(units)>(call, first, last); });
}
void attention_any(const DualAttention& call, int64_t sample, int64_t head) {
  with_units(call.element, [&](auto units) { attend_head<decltype(units)>(call, sample, head); });
}
void attention_gradient_any(const AttentionGradient& call, int64_t sample, int64_t head) {
  with_units(call.element, [&](auto units) { differentiate_head<decltype(units)>(call, sample, head); });
}

static_assert(kBlockOutputs == kGradientBlock);

CpuKernels all_kernels(const char* name, bool has_bf16) {
  return {name,
          has_bf16,
          pack_any,
          product_any,
          weight_gradient_any,
          residual_norm_rows,
          residual_norm_backward_samples,
          activation_numbers,
          activation_backward_numbers,
          attention_any,
          attention_gradient_any,
          adamw_chunk_squares,
          adamw_chunk_step};
}

}  // namespace
}  // namespace emf::fused
