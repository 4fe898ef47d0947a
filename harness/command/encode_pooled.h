// SPDX-License-Identifier: Apache-2.0
// Pooled features of a file of prompts of any length, streamed from prompt file to safetensors.
#pragma once

#include <filesystem>

#include "harness/api/encoder.h"
#include "harness/base/json.h"

namespace emf {

/// Writes pooled [N,D] float32 and nothing else. Memory does not grow with N but for the cache's index.
/// @param encoder  whose means are what is asked for: a PooledEncoder for other poolings than "mean".
/// @param pooling  written into the file's metadata.
/// @param store  when not empty, features are read from and kept in its cache.
/// @return  prompts, encoded, num_tokens and num_cut (of those encoded now), dimension.
/// @throws UserError  as PromptReader, FeatureCache::features and SafetensorsRows.
Json encode_pooled(const Encoder& encoder, const std::string& pooling, const std::filesystem::path& prompts,
                   const std::filesystem::path& out, const std::filesystem::path& store);

}  // namespace emf
