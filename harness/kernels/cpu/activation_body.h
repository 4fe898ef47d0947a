// SPDX-License-Identifier: Apache-2.0
// harness/kernels/fused/activation.h, for the files that are compiled for AVX-512 alone.
#pragma once

#include "harness/kernels/cpu/vectors.h"
#include "harness/kernels/fused/activation.h"

namespace emf::fused {
namespace {

/// f(x) and f'(x).
struct Graded {
  Lanes value, slope;
};

/// x sigmoid(2 u) with u = sqrt(2 / pi) (x + .044715 x^3), which is the tanh form.
inline Graded gelu_of(Lanes x) {
  constexpr float kTwiceRoot = 1.5957691216f, kCubic = 0.044715f;
  const Lanes square = _mm512_mul_ps(x, x), one = lanes_of(1);
  const Lanes inner =
      _mm512_mul_ps(_mm512_mul_ps(x, lanes_of(kTwiceRoot)), _mm512_fmadd_ps(square, lanes_of(kCubic), one));
  const Lanes s = sigmoid(inner);
  const Lanes inner_slope = _mm512_mul_ps(lanes_of(kTwiceRoot), _mm512_fmadd_ps(square, lanes_of(3 * kCubic), one));
  const Lanes bend = _mm512_mul_ps(_mm512_mul_ps(x, inner_slope), _mm512_mul_ps(s, _mm512_sub_ps(one, s)));
  return {_mm512_mul_ps(x, s), _mm512_add_ps(s, bend)};
}

inline Graded silu_of(Lanes x) {
  const Lanes s = sigmoid(x), one = lanes_of(1);
  return {_mm512_mul_ps(x, s), _mm512_mul_ps(s, _mm512_fmadd_ps(x, _mm512_sub_ps(one, s), one))};
}

inline Graded activation_of(ActivationKind kind, Lanes x) {
  return kind == ActivationKind::kGelu ? gelu_of(x) : silu_of(x);
}

template <class F>
inline void with_element(ElementType type, const F& f) {
  type == ElementType::kFloat32 ? f(Float32Lanes()) : f(Bfloat16Lanes());
}

/// Numbers [first, last).
void activation_numbers(const Activation& call, int64_t first, int64_t last) {
  with_element(call.type, [&](auto element) {
    using Element = decltype(element);
    using Stored = typename Element::Stored;
    const auto *const x = static_cast<const Stored*>(call.x), *const moving =
                                                                  static_cast<const Stored*>(call.x_tangent);
    auto *const y = static_cast<Stored*>(call.y), *const moved = static_cast<Stored*>(call.y_tangent);
    const int64_t border = first < call.moving ? smaller(call.moving, last) : first;
    for_vectors(border - first, [&](int64_t i, auto lanes) {
      const Graded f = activation_of(call.kind, Element::load(x + first + i, lanes));
      Element::store(y + first + i, f.value, lanes);
      Element::store(moved + first + i, _mm512_mul_ps(f.slope, Element::load(moving + first + i, lanes)), lanes);
    });
    for_vectors(last - border, [&](int64_t i, auto lanes) {
      Element::store(y + border + i, activation_of(call.kind, Element::load(x + border + i, lanes)).value, lanes);
    });
  });
}

void activation_backward_numbers(const ActivationBackward& call, int64_t first, int64_t last) {
  with_element(call.type, [&](auto element) {
    using Element = decltype(element);
    using Stored = typename Element::Stored;
    const Stored *const x = static_cast<const Stored*>(call.x) + first, *const arriving = static_cast<const Stored*>(
                                                                                              call.y_gradient) +
                                                                                          first;
    Stored* const gradient = static_cast<Stored*>(call.x_gradient) + first;
    for_vectors(last - first, [&](int64_t i, auto lanes) {
      const Lanes slope = activation_of(call.kind, Element::load(x + i, lanes)).slope;
      Element::store(gradient + i, _mm512_mul_ps(slope, Element::load(arriving + i, lanes)), lanes);
    });
  });
}

}  // namespace
}  // namespace emf::fused
