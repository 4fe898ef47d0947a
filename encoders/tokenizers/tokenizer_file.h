// A tokenizer out of whatever a user points at.
#pragma once

#include <filesystem>
#include <memory>

#include "encoders/tokenizers/tokenizer.h"

namespace emf {

/// A folder in Hugging Face layout (tokenizer.json first, else tokenizer.model or spiece.model, else
/// vocab.json with merges.txt, else vocab.txt), or one file: .gguf, .model, .json (a tokenizer.json), .txt
/// (BERT's vocabulary) or CLIP's merges (.txt.gz). Files are read whole; nothing stays open.
///
/// @throws UserError  absent (kMissing); another kind of file; a damaged one (names file and item).
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder_or_file);

}  // namespace emf
