// SPDX-License-Identifier: Apache-2.0
// What a user may ask of any tokenizer that is read from files.
#pragma once

namespace emf {

struct TokenizerOptions {
  /// Special tokens that a text spells ("<|im_end|>", "</s>") are those tokens, as Hugging Face tokenizers has it;
  /// false: they are text like any other. Other added tokens are always found.
  bool parses_special = true;
};

}  // namespace emf
