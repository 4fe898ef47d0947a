// The expressions by which byte-level tokenizers cut text, by the names that GGUF files give them.
#pragma once

#include <string>
#include <string_view>

#include "encoders/tokenizers/pattern.h"

namespace emf {

/// @param name  tokenizer.ggml.pre: "smollm", "gpt-2", "llama-bpe", "qwen2".   @param origin  for the
/// message.
/// @throws UserError  an unknown name; lists near ones.
Pattern named_pattern(std::string_view name, const std::string& origin);

}  // namespace emf
