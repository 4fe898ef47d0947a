// SPDX-License-Identifier: Apache-2.0
// How long, how fast and in what batches something is trained.
#pragma once

#include <cstdint>

namespace emf {

struct TrainOptions {
  int64_t pictures = 24000;  ///< the whole budget of a row, pretraining included
  int64_t batch = 128;
  int64_t micro_batch = 0;  ///< rows whose activations are in memory at once; 0 = all of the batch
  int64_t pool = 0;         ///< distinct training pictures; 0 = as many as the budget
  double learning_rate = 1e-3;
  double encoder_learning_rate = 0;  ///< of an encoder tuned with the generator; 0 = learning_rate
  double warm_up = 0.03;             ///< share of the budget
  double weight_decay = 0;
  double clip_norm = 1;
  double ema_half_life = 0.05;  ///< share of the budget
  int64_t checkpoints = 8;      ///< a budget
};

}  // namespace emf
