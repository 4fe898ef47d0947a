// SPDX-License-Identifier: Apache-2.0
// A trained row as a folder in Hugging Face's layout, which paints without the store that it was trained in.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// Files of such a folder; README.md is whoever shares it to write.
inline constexpr const char *kSharedWeights = "model.safetensors", *kSharedConfig = "config.json";

/// Writes model.safetensors (the averaged weights of the network, of an encoder that was tuned and of the objective
/// under "model.", "encoder." and "objective."; "text.mean", what is taken from every token), encoder.safetensors where
/// the suite pretrained the encoder, and config.json (emf.row/1): what makes model, encoder, objective and codec again,
/// each with its fingerprint, the pictures' sides, steps and guidance.
///
/// @param name  what the row is called.
/// @return  config.json.
/// @throws UserError  the row has not finished in this store; DamagedStage; the folder is not writable.
Json write_shared_row(const SuiteGraph& graph, const Row& row, const std::string& name,
                      const std::filesystem::path& folder);

/// A row made ready to paint, from such a folder or from its store.
struct SharedRow {
  TrainedRow row;
  std::shared_ptr<const Objective> objective;
  std::shared_ptr<const Codec> codec;
  PictureSides sides;
  std::vector<int64_t> steps;
  double guidance = 1;
  std::string run;  ///< hash of the stage that trained it
};

/// Reads it back.
/// @param encoder  where the encoder lies on this machine, if not where config.json says ("llm:/path"); "" = there.
/// @throws UserError  a file is absent (kMissing) or does not fit; a plugin is unknown, or is not the one that the row
///   was trained with (says how its fingerprint differs).
SharedRow load_shared_row(const std::filesystem::path& folder, const std::string& encoder = "",
                          const Placement& placement = {});

}  // namespace emf
