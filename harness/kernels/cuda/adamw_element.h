// SPDX-License-Identifier: Apache-2.0
// One number's step, and which numbers of a chunk a thread takes. The formulas and their order are those of ATen's
// fused AdamW on the CPU and of the trainer's average (harness/engine/training/optimizer.cc).
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/adamw_state.h"

namespace emf::fused {

/// One thread's part of entering gradients.
EMF_HOST_DEVICE void adamw_enter_gradient(AdamwTensor* tensors, const AdamwGradients& gradients, int thread) {
  if (thread < gradients.count) tensors[gradients.first + thread].gradient = gradients.places[thread];
}

/// What all numbers of a parameter have in common in one step.
struct AdamwConstants {
  float gradient_factor, decay, lerp1, beta2, new2, negative_step, root_correction2, epsilon, average_lerp;
};

EMF_HOST_DEVICE AdamwConstants adamw_constants(const AdamwCall& call, const AdamwState& state, double rate_share) {
  const double rate = state.learning_rate * rate_share;
  AdamwConstants constants;
  constants.gradient_factor = static_cast<float>(state.clip_factor);
  constants.decay = static_cast<float>(1 - rate * call.weight_decay);
  constants.lerp1 = static_cast<float>(1 - call.beta1);
  constants.beta2 = static_cast<float>(call.beta2);
  constants.new2 = static_cast<float>(1 - call.beta2);
  constants.negative_step = static_cast<float>(-(rate / state.correction1));
  constants.root_correction2 = static_cast<float>(state.root_correction2);
  constants.epsilon = static_cast<float>(call.epsilon);
  constants.average_lerp = static_cast<float>(1 - call.ema_decay);
  return constants;
}

/// from + weight (to - from), from the nearer end as ATen's lerp.
EMF_HOST_DEVICE float lerp_between(float from, float to, float weight) {
  return weight < 0.5f ? from + weight * (to - from) : to - (to - from) * (1 - weight);
}

EMF_HOST_DEVICE void adamw_number(const AdamwConstants& constants, float gradient, float& weight, float& moment1,
                                  float& moment2, float& average) {
  gradient *= constants.gradient_factor;
  weight *= constants.decay;
  moment1 = lerp_between(moment1, gradient, constants.lerp1);
  moment2 = moment2 * constants.beta2 + constants.new2 * gradient * gradient;
  const float denominator = sqrtf(moment2) / constants.root_correction2 + constants.epsilon;
  weight += constants.negative_step * moment1 / denominator;
  average = lerp_between(average, weight, constants.average_lerp);
}

constexpr int kAdamwPack = 4;

/// The first `count` numbers of a pack; what lies behind them is 0.
template <class Element>
EMF_HOST_DEVICE void load_few(const Element* from, int count, float (&to)[kAdamwPack]) {
  if (count == kAdamwPack) return load_changing(from, 0, to);
  EMF_UNROLL
  for (int i = 0; i < kAdamwPack; ++i) to[i] = i < count ? to_float(from[i]) : 0;
}

template <class Element>
EMF_HOST_DEVICE void store_few(Element* to, int count, float (&from)[kAdamwPack]) {
  if (count == kAdamwPack) return store_pack(to, 0, from);
  EMF_UNROLL
  for (int i = 0; i < kAdamwPack; ++i) {
    if (i < count) to[i] = from_float<Element>(from[i]);
  }
}

/// One thread's part of a chunk's step.
template <class Gradient>
EMF_HOST_DEVICE void adamw_chunk_step(const AdamwTensor& tensor, const AdamwConstants& constants, int64_t first,
                                      int thread, int threads) {
  const int64_t end = first + kAdamwChunk < tensor.count ? first + kAdamwChunk : tensor.count;
  const auto* const gradients = static_cast<const Gradient*>(tensor.gradient);
  for (int64_t place = first + thread * kAdamwPack; place < end; place += threads * kAdamwPack) {
    const int count = end - place < kAdamwPack ? static_cast<int>(end - place) : kAdamwPack;
    float gradient[kAdamwPack], weight[kAdamwPack], moment1[kAdamwPack], moment2[kAdamwPack], average[kAdamwPack];
    load_few(gradients + place, count, gradient);
    load_few(tensor.weight + place, count, weight);
    load_few(tensor.moment1 + place, count, moment1);
    load_few(tensor.moment2 + place, count, moment2);
    load_few(tensor.average + place, count, average);
    EMF_UNROLL
    for (int i = 0; i < kAdamwPack; ++i) {
      adamw_number(constants, gradient[i], weight[i], moment1[i], moment2[i], average[i]);
    }
    store_few(tensor.weight + place, count, weight);
    store_few(tensor.moment1 + place, count, moment1);
    store_few(tensor.moment2 + place, count, moment2);
    store_few(tensor.average + place, count, average);
    if (tensor.copy != nullptr) store_few(tensor.copy + place, count, weight);
  }
}

/// One thread's part of a chunk's sum of squares.
template <class Gradient>
EMF_HOST_DEVICE double adamw_chunk_squares(const AdamwTensor& tensor, int64_t first, int thread, int threads) {
  const int64_t end = first + kAdamwChunk < tensor.count ? first + kAdamwChunk : tensor.count;
  const auto* const gradients = static_cast<const Gradient*>(tensor.gradient);
  double squares = 0;
  for (int64_t place = first + thread * kAdamwPack; place < end; place += threads * kAdamwPack) {
    float gradient[kAdamwPack];
    load_few(gradients + place, end - place < kAdamwPack ? static_cast<int>(end - place) : kAdamwPack, gradient);
    EMF_UNROLL
    for (int i = 0; i < kAdamwPack; ++i) squares += static_cast<double>(gradient[i]) * gradient[i];
  }
  return squares;
}

}  // namespace emf::fused
