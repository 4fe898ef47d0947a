// SPDX-License-Identifier: Apache-2.0
// Where a checkpoint's config, weights and tokenizer lie, in each of the folders that libraries write.
#pragma once

#include <filesystem>

namespace emf {

struct CheckpointLayout {
  std::filesystem::path model;      ///< folder with the config and the weights
  std::filesystem::path config;     ///< config.json, or open_clip_config.json
  std::filesystem::path tokenizer;  ///< folder
  std::filesystem::path modules;    ///< folder with sentence-transformers' list of modules; empty: none
};

/// @param folder  one of: a model as transformers saves it; sentence-transformers' (modules.json, 0_Transformer);
/// diffusers' pipeline with one text_encoder, or one of its text encoders, whose tokenizer lies beside it; OpenCLIP's.
/// @throws UserError  absent, or no config in it (kMissing); a pipeline with several text encoders (names them).
CheckpointLayout checkpoint_layout(const std::filesystem::path& folder);

}  // namespace emf
