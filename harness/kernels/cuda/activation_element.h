// SPDX-License-Identifier: Apache-2.0
// The formulas of the activations, and the 16 bytes of numbers that one thread takes.
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/activation.h"

namespace emf::fused {

/// f(x) and f'(x).
struct Activated {
  float value, slope;
};

EMF_HOST_DEVICE float sigmoid(float x) {
#ifdef __CUDA_ARCH__
  return __fdividef(1.0f, 1.0f + expf(-x));
#else
  return 1.0f / (1.0f + std::exp(-x));
#endif
}

/// With s(u) the sigmoid, (1 + tanh(u)) / 2 = s(2 u): one exponential instead of a tanh, and no digit lost below zero.
EMF_HOST_DEVICE Activated gelu_at(float x) {
  constexpr float kRate = 1.5957691216057308f, kCubic = 0.044715f;  // 2 sqrt(2 / pi)
  const float square = x * x;
  const float s = sigmoid(kRate * x * (1 + kCubic * square));
  // x s (1 - s) falls faster than the inner slope grows; where s is 0 or 1 to the last bit the slope is s.
  return {x * s, s + x * s * (1 - s) * (kRate * (1 + 3 * kCubic * square))};
}

EMF_HOST_DEVICE Activated silu_at(float x) {
  const float s = sigmoid(x);
  return {x * s, s + x * s * (1 - s)};
}

EMF_HOST_DEVICE Activated activated_at(ActivationKind kind, float x) {
  return kind == ActivationKind::kGelu ? gelu_at(x) : silu_at(x);
}

template <class Element>
constexpr int kElementsOfPack = 16 / static_cast<int>(sizeof(Element));

/// How many packs hold `count` numbers.
template <class Element>
EMF_HOST_DEVICE int64_t packs_of(int64_t count) {
  return (count + kElementsOfPack<Element> - 1) / kElementsOfPack<Element>;
}

/// Pack `pack` of `count` numbers; what lies behind them is 0.
template <class Element>
EMF_HOST_DEVICE void load_some(const void* from, int64_t pack, int64_t count, float (&to)[kElementsOfPack<Element>]) {
  constexpr int kSize = kElementsOfPack<Element>;
  const auto* const elements = static_cast<const Element*>(from);
  if ((pack + 1) * kSize <= count) return load_pack(elements, pack, to);
  EMF_UNROLL
  for (int i = 0; i < kSize; ++i) {
    const int64_t place = pack * kSize + i;
    to[i] = place < count ? to_float(elements[place]) : 0;
  }
}

/// Writes pack `pack` of `count` numbers and nothing behind them.
template <class Element>
EMF_HOST_DEVICE void store_some(void* to, int64_t pack, int64_t count, float (&from)[kElementsOfPack<Element>]) {
  constexpr int kSize = kElementsOfPack<Element>;
  auto* const elements = static_cast<Element*>(to);
  if ((pack + 1) * kSize <= count) return store_pack(elements, pack, from);
  EMF_UNROLL
  for (int i = 0; i < kSize; ++i) {
    const int64_t place = pack * kSize + i;
    if (place < count) elements[place] = from_float<Element>(from[i]);
  }
}

template <class Element>
EMF_HOST_DEVICE void activation_pack(const Activation& call, int64_t pack) {
  constexpr int kSize = kElementsOfPack<Element>;
  const bool moves = pack * kSize < call.moving;
  float x[kSize], tangent[kSize];
  load_some<Element>(call.x, pack, call.count, x);
  if (moves) load_some<Element>(call.x_tangent, pack, call.moving, tangent);
  EMF_UNROLL
  for (int i = 0; i < kSize; ++i) {
    const Activated y = activated_at(call.kind, x[i]);
    x[i] = y.value;
    if (moves) tangent[i] *= y.slope;
  }
  store_some<Element>(call.y, pack, call.count, x);
  if (moves) store_some<Element>(call.y_tangent, pack, call.moving, tangent);
}

template <class Element>
EMF_HOST_DEVICE void activation_backward_pack(const ActivationBackward& call, int64_t pack) {
  constexpr int kSize = kElementsOfPack<Element>;
  float x[kSize], gradient[kSize];
  load_some<Element>(call.x, pack, call.count, x);
  load_some<Element>(call.y_gradient, pack, call.count, gradient);
  EMF_UNROLL
  for (int i = 0; i < kSize; ++i) gradient[i] *= activated_at(call.kind, x[i]).slope;
  store_some<Element>(call.x_gradient, pack, call.count, gradient);
}

}  // namespace emf::fused
