// SPDX-License-Identifier: Apache-2.0
// Small transformers that are trained here, on equal terms: same tokenizer, sizes, initial values and captions, and
// nothing between them but what they were trained to do.
#pragma once

#include <memory>
#include <string>

#include "harness/api/encoder.h"

namespace emf {

/// What one registered name stands for.
struct SmallFamily {
  std::string name;         ///< registered name
  std::string summary;      ///< one line
  std::string pretraining;  ///< the Pretraining that makes it
  std::string source;       ///< of what it stands for
  bool causal = false;      ///< tokens see only what stands before them
};

/// A Llama-like stack over CLIP's byte pairs cut to the first merges.
///
/// Options, all optional: `values` or `argument` (a .safetensors of trained values; without one the values are
/// initial), `trainable` (trained further with the generator), `layer` (-1: after the final norm).
/// @throws UserError  unknown option or wrong type. Files are opened on first use.
std::unique_ptr<Encoder> make_small(const SmallFamily& family, const Options& options, const EncoderContext& context);

}  // namespace emf
