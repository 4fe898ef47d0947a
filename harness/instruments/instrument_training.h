// SPDX-License-Identifier: Apache-2.0
// Trains an instrument's network on pictures drawn on the fly: AdamW, cosine decay, EMA, checkpoints, mixed precision.
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/api/objective.h"
#include "harness/engine/store/run_store.h"
#include "harness/tensor/safetensors.h"

namespace emf {

struct InstrumentTraining {
  int64_t pictures = 0;
  int64_t batch = 32;
  double learning_rate = 1e-3;
  double warm_up = 0.03;  ///< share of the budget
  double weight_decay = 0.01;
  double clip_norm = 1;
  double ema_half_life = 0.02;  ///< share of the budget
  double checkpoint_s = 60;     ///< seconds between checkpoints; changes no result
  bool bfloat16 = true;         ///< the training's convolutions (weights, loss and shipped network: float32)
  uint64_t seed = 0;

  /// Reads the keys of a suite's table. Everything that changes the result goes into to_json().
  static InstrumentTraining read(ConfigReader& reader);
  Json to_json() const;
};

/// One batch, in training order.
struct PictureBatch {
  at::Tensor pictures;            ///< [B,3,S,S] uint8, channels_last
  std::vector<Sample> samples;    ///< without their pixels
  std::vector<uint64_t> indices;  ///< of the dataset's training stream
};

/// The facts that instruments learn from.   @throws UserError  the dataset has none.
const FactWorld& world_of(const Dataset& dataset);

/// Samples [first, first + count) of the training stream.
PictureBatch draw_batch(const Dataset& dataset, uint64_t first, int64_t count);

using BatchLoss = std::function<LossResult(const PictureBatch&)>;

/// Runs the whole budget on engine/training's loop; after an interruption goes on from the folder's last checkpoint.
///
/// @param loss   of one batch, with graph; runs under autocast.
/// @param label  for progress and errors.
/// @return  bias-corrected averages of the parameters, by name.
/// @throws UserError  the loss is not finite (names the step); kInterrupted after saving a checkpoint.
NamedTensors train_instrument(torch::nn::Module& network, const Dataset& dataset, const InstrumentTraining& options,
                              const BatchLoss& loss, const std::string& label, const RunFolder& folder,
                              const Placement& placement = {});

}  // namespace emf
