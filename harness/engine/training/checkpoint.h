// SPDX-License-Identifier: Apache-2.0
// The files that a training goes on from and leaves: weights, moments, averages (engine/store/RUN_FORMAT.md).
#pragma once

#include <cstdint>
#include <string>

#include "harness/engine/store/run_store.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// In the stage's folder.
inline constexpr const char* kFinalCheckpoint = "checkpoints/final.safetensors";
/// What an interrupted training goes on from.
inline constexpr const char* kLatestCheckpoint = "checkpoints/latest.safetensors";

/// What is said of a checkpoint that a layout before 3 wrote.
inline constexpr const char* kNoDigest = "carries no digest: an older emfbench wrote it";

/// Where a training stands.
struct TrainingState {
  NamedTensors tensors;
  int64_t samples = 0;  ///< of the budget, so far
  double flops = 0;
  uint64_t events_bytes = 0;  ///< the size of events.jsonl that belongs to this state
  std::string other_machine;  ///< when read: what it was made with, where that is not this process's kind
};

/// Writes a state with a digest of all that it says: tensors, counts, the lines of events.jsonl, and whose it is.
/// @throws UserError  as write_safetensors.
void write_training_state(const RunFolder& folder, const std::string& file, const TrainingState& state);

/// Reads it back.
/// @throws DamagedStage  the file, or events.jsonl up to that size, is not what was written, or another stage's.
TrainingState read_training_state(const RunFolder& folder, const std::string& file);

}  // namespace emf
