// SPDX-License-Identifier: Apache-2.0
// The expressions by which byte-level tokenizers cut text, by the names that GGUF files give them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/pattern.h"

namespace emf {

/// How the vocabularies behind one name take their text.
struct NamedPreTokenizer {
  std::vector<Pattern> patterns;  ///< one after another, each on the pieces that the one before leaves
  bool composes = false;          ///< the text is brought into normal form C first
  bool ignores_merges = false;    ///< a piece that is a token is that token
  bool adds_bos = false;          ///< where the file does not say

  /// The pieces of a text.
  std::vector<std::string_view> pieces(std::string_view text) const;
};

/// @param name  tokenizer.ggml.pre: "smollm", "gpt-2", "llama-bpe", "qwen2" and so on.   @param origin  for the
/// message.
/// @throws UserError  an unknown name; lists near ones.
NamedPreTokenizer named_pre_tokenizer(std::string_view name, const std::string& origin);

/// GPT-2's own expression, which ByteLevel cuts by.
Pattern gpt2_pattern();

}  // namespace emf
