// A Llama checkpoint in GGUF form as the shared transformer.
#pragma once

#include <memory>

#include "encoders/transformer/transformer.h"
#include "encoders/weights/gguf.h"

namespace emf {

/// Sizes out of the metadata (llama.*).
/// @throws UserError  another architecture; a key absent or impossible (names file and key).
TransformerConfig llama_config(const GgufFile& file);

/// Weights as float32; the embedding stays quantised in the map, which the result keeps open.
/// @throws UserError  a tensor absent or of another shape (says both).
/// @cost  4 bytes a weight outside the embedding; 0.2 s for 106 M weights on two threads.
Transformer load_llama(std::shared_ptr<const GgufFile> file);

}  // namespace emf
