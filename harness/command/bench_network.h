// SPDX-License-Identifier: Apache-2.0
// What a network's training step and its sampling cost on this machine.
#pragma once

#include <string>
#include <vector>

#include "harness/api/objective.h"
#include "harness/base/json.h"

namespace emf {

struct NetworkBench {
  std::string objective = "mean_flow", precision;  ///< "" = what the model's options say
  std::vector<std::string> overrides;              ///< key=value of a suite's tables [model] and [objective]
  ModelShape shape{16, 4, 4, 576};
  int64_t batch = 128, text_tokens = 12;
  int64_t micro_batch = 0;  ///< of a step; 0 = all of the batch
  int64_t steps = 1;        ///< of sampling
  double guidance = 1;
  /// Ways to du/dt that are timed side by side, each beside flow matching (harness/objectives/tangent.h); empty = the
  /// objective's own alone.
  std::vector<std::string> tangents;
  std::string save;  ///< file for the first step's weights, inputs, loss and gradients; "" = none
  int threads = 1;
  int rounds = 5;  ///< whose median is taken
  Placement placement;
};

/// What `save` holds: weight.NAME, gradient.NAME, loss [1], and input.x, input.eps [B,C,H,W], input.t, input.r [B],
/// input.tokens [B,L,D], input.mask [B,L] of uint8, text already dropped; rows in batch order.
///
/// A whole step: draws, loss, backward, clipping, AdamW, averages. Medians of interleaved rounds.
/// @return  seconds, CPU seconds, GFLOP that are needed (the tangent's rows once, whatever the way), and their share
/// of the   speed of large products; of each of `tangents` also its time, the GFLOP that it executes, its time over
/// flow matching's, and the relative error of   du/dt against fp64.
/// @throws UserError  as objective and model, or an objective without the option `tangent` where ways are compared.
Json bench_step(const NetworkBench& bench);

/// Noise to latents, without text and decoding; likewise.
Json bench_sample(const NetworkBench& bench);

}  // namespace emf
