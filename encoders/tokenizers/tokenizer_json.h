// SPDX-License-Identifier: Apache-2.0
// Tokenizers as Hugging Face's tokenizer.json describes them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "encoders/tokenizers/json_section.h"
#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/tokenizer_options.h"

namespace emf {

/// Normalisers, pre-tokenizers, models and post-processors of the BERT, CLIP, GPT-2, Llama, Qwen, Gemma, T5 and XLM-R
/// families, as Hugging Face tokenizers runs them. Padding and truncation are passed over. A key that is not known
/// here is refused, unless it is one that moves no id.
///
/// @param options  whether special tokens that a text spells are matched.
/// @throws UserError  absent (kMissing); malformed, or a stage of another type (names file, section and
/// type).
/// @cost  1.5 s of CPU for Gemma's 30 MB.
std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path, const TokenizerOptions& options);

/// What other files of a folder give in the form of a tokenizer.json.
/// @param where    begins every message.
/// @param model    the trained part where the document has no "model" (sentencepiece).
/// @param filler   Tokenizer::filler(); where there is none, the document's "padding" has it.
std::unique_ptr<Tokenizer> tokenizer_of(const Json& document, const std::string& where, const TokenizerOptions& options,
                                        std::unique_ptr<TokenModel> model = nullptr,
                                        std::optional<int64_t> filler = std::nullopt);

/// The vocabulary of a document's model, whichever form it has: an object of ids, or a list of pieces with scores.
class ModelPieces {
 public:
  /// @param document  outlives this object.   @cost  one pass over a list; thousands of added tokens ask.
  explicit ModelPieces(const Json& document);
  /// -1 = none.
  int64_t id(const std::string& text) const;
  int64_t size() const { return size_; }

 private:
  const Json* ids_ = nullptr;
  std::unordered_map<std::string, int64_t> listed_;
  int64_t size_ = 0;
};

/// What a file's "normalizer" asks for.
/// @param section  may be null.
std::vector<TextStep> read_normalizer(const JsonSection& section);

/// What a file's "pre_tokenizer" asks for.
struct JsonCuts {
  std::vector<PieceStep> steps;
  bool is_byte_level = false;
};
/// @param section  may be null.
JsonCuts read_pre_tokenizer(const JsonSection& section);

/// @param model  the section of that name.   @param is_byte_level  the pre-tokenizer ends in bytes.
std::unique_ptr<TokenModel> read_model(const JsonSection& model, bool is_byte_level);

}  // namespace emf
