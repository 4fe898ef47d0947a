// SPDX-License-Identifier: Apache-2.0
// A GGUF file seen as a Hugging Face checkpoint: its metadata under config.json's keys, its tensors under their names
// there.
#pragma once

#include <memory>

#include "harness/base/json.h"
#include "harness/weights/gguf_parts.h"
#include "harness/weights/weight_source.h"

namespace emf {

struct GgufFamily;

/// @throws UserError  an architecture that is not read from GGUF (lists those that are).
const GgufFamily& family_of(const GgufFile& file);

/// Metadata as config.json has it; what llama.cpp hard-codes for an architecture is filled in (Gemma 3's windows and
/// bases).
/// @throws UserError  as family_of; a key absent or impossible, or one of the architecture's that nobody reads.
Json gguf_config(const GgufParts& parts);

/// @cost  reading dequantises, 0.2 s for 106 M weights on two threads; the files stay mapped while the result or one of
/// its row readers lives.
std::unique_ptr<WeightSource> gguf_weights(std::shared_ptr<const GgufParts> parts);

}  // namespace emf
