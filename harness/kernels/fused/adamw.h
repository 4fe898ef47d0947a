// SPDX-License-Identifier: Apache-2.0
// AdamW, the moving average and the weights' bf16 copies, over all parameters in one launch.
#pragma once

#include <cstdint>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {

/// One parameter; every place is a multiple of 16 bytes. Weights, moments and averages are fp32.
struct AdamwTensor {
  float *weight, *moment1, *moment2, *average;
  const void* gradient;  ///< of AdamwCall::gradient_type
  Bfloat16* copy;        ///< gets the new weight, rounded; null = none is kept
  int64_t count;
  double rate_share;  ///< what part of the learning rate it takes
};

/// The numbers that one block takes: kAdamwChunk of a parameter, from `first` on.
struct AdamwChunk {
  int64_t tensor, first;
};
constexpr int64_t kAdamwChunk = 16384;

/// On the device, so that no step waits for the host. Written by the host: the learning rate, and all at a start.
struct AdamwState {
  double learning_rate;
  double steps;           ///< taken so far; those with a gradient that is not finite are none
  double average_weight;  ///< what the average's recursion makes of ones: average / average_weight is unbiased
  double correction1, root_correction2;  ///< 1 - beta1^steps, sqrt(1 - beta2^steps)
  double norm;                           ///< of the last gradient, before clipping
  double clip_factor;                    ///< by which the last gradient was multiplied
  double is_finite;                      ///< 1 or 0: whether the last gradient was, and the step is taken
};

struct AdamwCall {
  AdamwTensor* tensors;
  const AdamwChunk* chunks;
  int64_t num_chunks;
  double* chunk_squares;  ///< [num_chunks]
  AdamwState* state;
  ElementType gradient_type;
  double beta1, beta2, epsilon, weight_decay, ema_decay;
  double clip_norm;  ///< 0 = never
};

/// Where the gradients of consecutive parameters lie, handed over with the launch itself: gradients move from step to
/// step, and a captured step keeps its own.
struct AdamwGradients {
  static constexpr int kMost = 256;
  const void* places[kMost];
  int64_t first;  ///< parameter
  int count;
};

}  // namespace emf::fused
