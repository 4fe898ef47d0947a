// SPDX-License-Identifier: Apache-2.0
// A tokenizer out of whatever a user points at.
#pragma once

#include <filesystem>
#include <memory>

#include "encoders/tokenizers/tokenizer.h"
#include "encoders/tokenizers/tokenizer_options.h"

namespace emf {

/// A folder in Hugging Face layout, of which every file counts that says something about ids (tokenizer_folder.h), or
/// one file: .gguf, .model (sentencepiece), .json (a tokenizer.json), .txt (BERT's vocabulary) or OpenAI's list of
/// CLIP merges (.txt.gz). Files are read whole; nothing stays open.
///
/// @throws UserError  absent (kMissing); another kind of file; a damaged one (names file and item).
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder_or_file,
                                          const TokenizerOptions& options = {});

}  // namespace emf
