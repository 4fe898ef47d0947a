// Tokenizers as Hugging Face's tokenizer.json describes them.
#pragma once

#include <filesystem>
#include <memory>

#include "encoders/tokenizers/json_section.h"
#include "encoders/tokenizers/pipeline.h"

namespace emf {

/// Normalisers, pre-tokenizers, models and post-processors of the BERT, CLIP, GPT-2, Llama, Qwen, Gemma and
/// T5 families. Padding and truncation are passed over. Special tokens written in a text are found there for
/// WordPiece models only; other added tokens (Gemma's runs of spaces) are always found.
///
/// @throws UserError  absent (kMissing); malformed, or a stage of another type (names file, section and
/// type).
/// @cost  1.5 s of CPU for Gemma's 30 MB.
std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path);

/// What a file's "normalizer" asks for.
struct JsonTexts {
  std::vector<TextStep> steps;
  std::string character_map;  ///< sentencepiece's, for a unigram model
  bool joins_spaces = false;
};
/// @param section  may be null.
JsonTexts read_normalizer(const JsonSection& section);

/// What a file's "pre_tokenizer" asks for.
struct JsonCuts {
  std::vector<TextStep> texts;
  std::vector<CutStep> cuts;
  bool is_byte_level = false;
  bool cuts_white_space = false;
  bool marks_spaces = false;        ///< Metaspace
  bool adds_leading_space = false;  ///< Metaspace that puts one before the text
};
/// @param section  may be null.
JsonCuts read_pre_tokenizer(const JsonSection& section);

/// @param root  the whole file.   @param texts, cuts  emptied of what the model does itself (sentencepiece).
std::unique_ptr<TokenModel> read_model(const JsonSection& root, JsonTexts& texts, JsonCuts& cuts);

}  // namespace emf
