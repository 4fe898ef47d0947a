// SPDX-License-Identifier: Apache-2.0
// harness/kernels/fused/adamw.h, for the files that are compiled for AVX-512 alone. The formulas and their order are
// those of harness/kernels/cuda/adamw_element.h, and so ATen's.
#pragma once

#include "harness/kernels/cpu/activation_body.h"
#include "harness/kernels/fused/adamw.h"

namespace emf::fused {
namespace {

/// The sum of squares of a chunk, in double.
double adamw_chunk_squares(const AdamwCall& call, int64_t index) {
  const AdamwChunk& chunk = call.chunks[index];
  const AdamwTensor& tensor = call.tensors[chunk.tensor];
  const int64_t count = smaller(kAdamwChunk, tensor.count - chunk.first);
  __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
  with_element(call.gradient_type, [&](auto element) {
    using Element = decltype(element);
    const auto* const from = static_cast<const typename Element::Stored*>(tensor.gradient) + chunk.first;
    for_vectors(count, [&](int64_t i, auto lanes) {
      const Lanes g = Element::load(from + i, lanes);
      const __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(g)), b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(g, 1));
      low = _mm512_fmadd_pd(a, a, low);
      high = _mm512_fmadd_pd(b, b, high);
    });
  });
  return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

inline Lanes lerp_lanes(Lanes from, Lanes to, float weight) {
  const Lanes apart = _mm512_sub_ps(to, from);
  return weight < 0.5f ? _mm512_fmadd_ps(lanes_of(weight), apart, from)
                       : _mm512_fnmadd_ps(apart, lanes_of(1 - weight), to);
}

void adamw_chunk_step(const AdamwCall& call, int64_t index) {
  const AdamwChunk& chunk = call.chunks[index];
  const AdamwTensor& tensor = call.tensors[chunk.tensor];
  const AdamwState& state = *call.state;
  const int64_t count = smaller(kAdamwChunk, tensor.count - chunk.first);
  const double rate = state.learning_rate * tensor.rate_share;
  const auto constant = [](double x) { return lanes_of(static_cast<float>(x)); };
  const Lanes factor = constant(state.clip_factor), decay = constant(1 - rate * call.weight_decay),
              beta2 = constant(call.beta2), new2 = constant(1 - call.beta2),
              step = constant(-(rate / state.correction1)), root = constant(state.root_correction2),
              epsilon = constant(call.epsilon);
  const auto lerp1 = static_cast<float>(1 - call.beta1), average_lerp = static_cast<float>(1 - call.ema_decay);
  float *const weights = tensor.weight + chunk.first, *const moments1 = tensor.moment1 + chunk.first,
               *const moments2 = tensor.moment2 + chunk.first, *const averages = tensor.average + chunk.first;
  Bfloat16* const copy = tensor.copy == nullptr ? nullptr : tensor.copy + chunk.first;
  with_element(call.gradient_type, [&](auto element) {
    using Element = decltype(element);
    const auto* const from = static_cast<const typename Element::Stored*>(tensor.gradient) + chunk.first;
    for_vectors(count, [&](int64_t i, auto lanes) {
      const Lanes gradient = _mm512_mul_ps(Element::load(from + i, lanes), factor);
      Lanes weight = _mm512_mul_ps(Float32Lanes::load(weights + i, lanes), decay);
      const Lanes moment1 = lerp_lanes(Float32Lanes::load(moments1 + i, lanes), gradient, lerp1);
      const Lanes moment2 = _mm512_fmadd_ps(Float32Lanes::load(moments2 + i, lanes), beta2,
                                            _mm512_mul_ps(_mm512_mul_ps(new2, gradient), gradient));
      const Lanes denominator = _mm512_add_ps(_mm512_div_ps(_mm512_sqrt_ps(moment2), root), epsilon);
      weight = _mm512_add_ps(weight, _mm512_div_ps(_mm512_mul_ps(step, moment1), denominator));
      Float32Lanes::store(weights + i, weight, lanes);
      Float32Lanes::store(moments1 + i, moment1, lanes);
      Float32Lanes::store(moments2 + i, moment2, lanes);
      Float32Lanes::store(averages + i, lerp_lanes(Float32Lanes::load(averages + i, lanes), weight, average_lerp),
                          lanes);
      if (copy != nullptr) Bfloat16Lanes::store(copy + i, weight, lanes);
    });
  });
}

}  // namespace
}  // namespace emf::fused
