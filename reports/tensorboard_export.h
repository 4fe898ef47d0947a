// SPDX-License-Identifier: Apache-2.0
// A record's trainings and scores as a folder for TensorBoard.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

struct TensorboardExport {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> without_events;  ///< rows whose event lines no store has: their residual alone was written
};

/// Writes <folder>/<encoder>/<objective>/seed<N>/events.out.tfevents.0.emfbench for each trained row: every number of
/// its events.jsonl ("train/loss"), and its scores ("geneval/1 step"), over the pictures seen.
///
/// @param stores  where the trainings' events may lie; the first that has them counts. Event lines are held against
///                their stage's manifest.
/// @throws UserError  the record has no trained row; events that are not what was written; the folder is not writable.
TensorboardExport write_tensorboard(const SectionInput& input, const std::vector<std::filesystem::path>& stores,
                                    const std::filesystem::path& folder);

}  // namespace emf
