// The tokenizer inside a GGUF file.
#pragma once

#include <memory>

#include "encoders/tokenizers/tokenizer.h"
#include "harness/weights/gguf.h"

namespace emf {

/// Reads tokenizer.ggml.*: byte-level BPE ("gpt2"), sentencepiece BPE ("llama": Gemma, Llama 2) and unigram
/// ("t5"). Control tokens in the text are plain text. Nothing refers to the file afterwards.
/// @throws UserError  another kind of tokenizer or pre-tokenizer; lists of unequal length; ids outside them.
std::unique_ptr<Tokenizer> gguf_tokenizer(const GgufFile& file);

}  // namespace emf
