// Models of the sentencepiece library: .model files, and unigram vocabularies from elsewhere.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "encoders/tokenizers/pipeline.h"

namespace emf {

/// A unigram model as other files describe it.
struct UnigramModel {
  enum Kind { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  struct Piece {
    std::string text;
    float score = 0.0f;
    Kind kind = kNormal;
  };
  std::vector<Piece> pieces;  ///< by id; exactly one is kUnknown
  std::string character_map;  ///< sentencepiece's precompiled normalisation, "" = none
  bool adds_leading_space = true;
  bool joins_spaces = true;  ///< leading, trailing and repeated spaces go
  bool falls_back_to_bytes = false;
};

/// A whole tokenizer out of a .model file. One that has a BOS puts it before the text (Gemma, Llama), one
/// that has none puts its EOS after it (T5).
/// @throws UserError  absent (kMissing); no sentencepiece model (names the file).
std::unique_ptr<Tokenizer> load_sentence_piece(const std::filesystem::path& path);

/// @throws UserError  the library refuses it (names origin and its reason).
std::unique_ptr<TokenModel> unigram_token_model(const UnigramModel& model, const std::string& origin);

}  // namespace emf
