// SPDX-License-Identifier: Apache-2.0
// sentencepiece as it is without any family's rules: .model files, and unigram vocabularies from elsewhere.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/sentence_piece_file.h"

namespace emf {

/// A whole tokenizer out of a .model file alone, with sentencepiece's own ids. One that has a BOS puts it before the
/// text (Gemma, Llama), one that has none puts its EOS after it (T5).
/// @throws UserError  absent (kMissing); no sentencepiece model (names the file).
std::unique_ptr<Tokenizer> load_sentence_piece(const std::filesystem::path& path);

/// How sentencepiece rewrites a text before a unigram model sees it: its character map, then spaces joined and marked.
/// @param origin  for messages.
TextStep sentence_piece_text(const SentencePieceFile& file, const std::string& origin);

/// The unigram model of such a file: what is no normal or user-defined piece is never found in a text.
/// @throws UserError  it has no pieces.
std::unique_ptr<TokenModel> unigram_model(const SentencePieceFile& file, const std::string& origin);

}  // namespace emf
