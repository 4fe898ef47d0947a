// SPDX-License-Identifier: Apache-2.0
// Encoders whose weights come from a file: one class, told by a family what it accepts and what it takes by default.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// What one registered name stands for.
struct PretrainedFamily {
  std::string name;                      ///< registered name
  std::string family;                    ///< for lists: "llama", "bert" ...
  std::string summary;                   ///< one line
  std::vector<std::string> model_types;  ///< of config.json that it accepts; empty = every one that is built
  int64_t max_tokens = 2048;             ///< longer prompts are cut, the family's closing marks kept

  /// The checkpoint fetched by the set-up that stands in where none is named; "" = the user must name one.
  std::string package_file;
  // Facts of that file, so that listing works without it.
  std::string source;
  int64_t num_parameters = 0, dimension = 0, context = 0;
  /// What that file's encoder reads for a text without tokens; -1 = what the tokenizer names (Tokenizer::filler).
  int64_t empty_text_id = -1;
  /// Whether special tokens that a prompt spells are text to that file's encoder, as its features were first made.
  bool marks_are_text = false;
};

/// Options, all optional: `argument` or `weights` (a folder in Hugging Face layout or a .gguf), `layer` (-1: after the
/// final norm), `tokenizer` (a folder or file that holds instead of the checkpoint's own), `template`, `fill` and those
/// of a chat (PromptForm), `parse_special` (special tokens that a prompt spells are those
/// tokens; by default so, but for `llm` and `gemma` without a checkpoint named or a template), `max_tokens`,
/// `precision` ("fp32" or "bf16", of matrix products), `trainable` (fine-tuned with the generator), `values` (a
/// .safetensors of values that fine-tuning left).
/// @throws UserError  unknown option or wrong type; bf16 together with trainable. Files are opened on first use.
std::unique_ptr<Encoder> make_pretrained(const PretrainedFamily& family, const Options& options,
                                         const EncoderContext& context);

}  // namespace emf
