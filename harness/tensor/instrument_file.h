// SPDX-License-Identifier: Apache-2.0
// The file an instrument is shipped in: safetensors of half precision with its recipe and measured error inside.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/json.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// What an instrument file holds.
struct InstrumentFile {
  std::string origin;    ///< its path, for messages
  std::string sha256;    ///< of the file
  NamedTensors tensors;  ///< float32
  Json facts;            ///< sizes, recipe, seeds, measured error
};

/// @param kind  "autoencoder" or "detector".
/// @throws UserError  absent (kMissing, says how to train it), not safetensors, another kind of file, or not the
///   file whose sha256 instruments.json beside it lists.
InstrumentFile read_instrument(const std::filesystem::path& path, const std::string& kind);

/// Writes atomically; 4-D tensors as float16 (half the bytes; the rounding is far below the training noise), others
/// float32.
void write_instrument(const std::filesystem::path& path, const std::string& kind, const NamedTensors& tensors,
                      const Json& facts);

/// Where shipped instruments lie: <project root>/data/instruments.
std::filesystem::path instruments_folder();

}  // namespace emf
