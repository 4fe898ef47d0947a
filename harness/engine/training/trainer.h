// Trains one row of a comparison: counts pictures, keeps an EMA, checkpoints, resumes bit-equal. Knows no equations.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "harness/api/objective.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/text/conditions.h"
#include "harness/engine/training/options.h"

namespace emf {

/// A stretch of a row's budget, in pictures. MeanFlow's row is flow matching over [0, N/2), then MeanFlow over [N/2, N).
struct Segment {
  int64_t from = 0, to = 0, total = 0;
  std::filesystem::path start;  ///< final.safetensors of the segment before; empty at the beginning
  bool same_objective = true;   ///< carries optimizer and EMA on; else only the weights
};

/// Runs a segment and writes checkpoints/final.safetensors (weights, EMA, optimizer state).
///
/// Picture i of the budget is sample i mod pool, in this order in every row; everything random is keyed by i. Weights of
/// equal name and shape start equal. One line of events.jsonl every 1 % of the budget.
///
/// @return  result: pictures, steps, flops, parameters, curve [[pictures, residual], ...].
/// @throws UserError  loss or gradient not finite (names the step); kInterrupted after saving a checkpoint.
Json train_segment(const Objective& objective, Model& model, const TextConditions& conditions, const TrainingSet& data,
                   const TrainOptions& options, const Segment& segment, uint64_t seed, const std::string& label,
                   const RunFolder& folder);

/// Loads the bias-corrected EMA weights of a final checkpoint into a model and its trainable encoder.
void load_averaged(const std::filesystem::path& checkpoint, Model& model, const TextConditions& conditions);

}  // namespace emf
