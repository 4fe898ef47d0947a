// SPDX-License-Identifier: Apache-2.0
// Trains one row of a comparison: counts pictures, keeps an EMA, checkpoints, resumes bit-equal. Knows no equations.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/api/objective.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/text/conditions.h"
#include "harness/engine/training/options.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// A stretch of a row's budget, in pictures.
///
/// A row's phases are its objectives: one that starts from another (ObjectiveWants) trains [0, share N) as the other
/// and [share N, N) as itself. A phase may be cut into several segments at checkpoints that are kept, whole batches
/// after its beginning; the last one ends in the same weights, moments and averages as an uncut phase.
struct Segment {
  int64_t from = 0, to = 0, total = 0;   ///< this segment, and the row's whole budget N
  int64_t phase_from = 0, phase_to = 0;  ///< where the objective's progress is 0, and would be 1; a start stops earlier
  std::filesystem::path start;           ///< final.safetensors of the segment before; empty at the beginning
  bool same_objective = true;            ///< carries optimizer, EMA and target on; else only the weights
};

/// A network as the factory makes it, with the initial values of the row's seed and the objective's demands.
using NetworkMaker = std::function<std::unique_ptr<Model>()>;

/// Runs a segment and writes checkpoints/final.safetensors (weights, EMA, optimizer state, target network).
///
/// Picture i of the budget is sample i mod pool, in this order in every row; everything random is keyed by i. Weights
/// of equal name and shape start equal. One line of events.jsonl every 1 % of the budget. The network's leaves are
/// trained under "model.", a trainable encoder's under "encoder.", the objective's own under "objective.".
///
/// @param model        with its initial values; trained in place.
/// @param make_target  called when the objective wants a target network, which must be like `model`.
/// @param seed         of the draws.
/// @return  result: pictures, pictures_before, flops, parameters, curve [[pictures, residual], ...].
/// @throws UserError  loss or gradient not finite (names the step); a start that does not fit; kInterrupted after
///   saving a checkpoint.
Json train_segment(const Objective& objective, const Model& model, const NetworkMaker& make_target,
                   const TextConditions& conditions, const TrainingSet& data, const TrainOptions& options,
                   const Segment& segment, uint64_t seed, const Placement& placement, const std::string& label,
                   const RunFolder& folder);

/// The leaves that a row trains: "model.<name>", of an encoder that is tuned "encoder.<name>", "objective.<name>"; in
/// the order that the gradient's norm is summed in.
NamedParameters trained_leaves(const Model& model, const TextConditions& conditions, const Objective* objective);

/// Copies values into those leaves.
/// @param origin  of the values, for messages.   @throws UserError  one of them is absent or of another shape.
void fill_trained(const NamedTensors& values, const std::string& origin, const Model& model,
                  const TextConditions& conditions, const Objective* objective);

/// Loads the bias-corrected EMA weights of a final checkpoint into a model, its trainable encoder and, where given, the
/// leaves of the objective that samples it.
/// @throws UserError  the checkpoint lacks one of them (names it).
void load_averaged(const std::filesystem::path& checkpoint, const Model& model, const TextConditions& conditions,
                   const Objective* objective = nullptr);

}  // namespace emf
