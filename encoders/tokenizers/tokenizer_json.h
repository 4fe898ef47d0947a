// Tokenizers as Hugging Face's tokenizer.json describes them.
#pragma once

#include <filesystem>
#include <memory>

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

/// The id of a text in the vocabulary of a document's model, -1 = none.
int64_t id_in_model(const Json& document, const std::string& text);
/// How many pieces that vocabulary has.
int64_t pieces_in_model(const Json& document);

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
