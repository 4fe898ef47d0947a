// SPDX-License-Identifier: Apache-2.0
// A tokenizer that is a whole folder, as transformers saves it.
#pragma once

#include <filesystem>
#include <memory>

#include "encoders/tokenizers/tokenizer.h"
#include "encoders/tokenizers/tokenizer_options.h"

namespace emf {

/// tokenizer.json first, else a sentencepiece model (tokenizer.model, spiece.model, sentencepiece.bpe.model,
/// spm.model), else vocab.json with merges.txt, else vocab.txt. What they leave open is told by
/// tokenizer_config.json, special_tokens_map.json, added_tokens.json and config.json, and one folder gives the same
/// ids with tokenizer.json and without.
///
/// @throws UserError  absent (kMissing); a damaged file; a class that is not read here, or vocab.json with merges.txt
///   of a family that no file names (names the folder and says what to do).
std::unique_ptr<Tokenizer> load_tokenizer_folder(const std::filesystem::path& folder, const TokenizerOptions& options);

/// BERT's vocabulary, a piece a line, with the options of the folder that it lies in.
std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& path, const TokenizerOptions& options);

}  // namespace emf
