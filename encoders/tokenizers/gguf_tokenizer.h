// SPDX-License-Identifier: Apache-2.0
// The tokenizer inside a GGUF file.
#pragma once

#include <memory>

#include "encoders/tokenizers/tokenizer.h"
#include "encoders/tokenizers/tokenizer_options.h"
#include "harness/weights/gguf.h"

namespace emf {

/// Reads tokenizer.ggml.*: byte-level BPE ("gpt2"), sentencepiece BPE ("llama": Gemma, Llama 2), unigram ("t5") and
/// WordPiece ("bert"). User-defined tokens are always found whole, before anything else; control tokens where the
/// options say so. Nothing refers to the file afterwards.
/// @throws UserError  another kind of tokenizer or pre-tokenizer; lists of unequal length; ids outside them.
std::unique_ptr<Tokenizer> gguf_tokenizer(const GgufFile& file, const TokenizerOptions& options);

}  // namespace emf
