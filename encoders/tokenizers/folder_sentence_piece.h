// SPDX-License-Identifier: Apache-2.0
// sentencepiece models by the class that a folder names, and what all classes of a folder share.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "encoders/tokenizers/folder_families.h"
#include "encoders/tokenizers/tokenizer.h"
#include "encoders/tokenizers/tokenizer_options.h"

namespace emf {

/// T5, XLM-R, Gemma, Llama: the file's pieces with the family's own order of ids and its own stages.
/// @throws UserError  a model of the wrong type for the class; damaged.
std::unique_ptr<Tokenizer> load_sentence_piece_family(const FolderConfig& config, const FolderFamily& family,
                                                      const std::filesystem::path& path,
                                                      const TokenizerOptions& options);

/// SigLIP: lower case, no ASCII punctuation, then sentencepiece.
/// @source  transformers 5, models/siglip/tokenization_siglip.py.
std::unique_ptr<Tokenizer> load_siglip(const FolderConfig& config, const std::filesystem::path& path,
                                       const TokenizerOptions& options);

/// The id of the pad mark, else of the end mark, else of the begin mark, by tokenizer_config.json, else by config.json.
std::optional<int64_t> folder_filler(const FolderConfig& config, const Json& class_marks,
                                     const std::function<int64_t(const std::string&)>& find);

/// A family's stages as a tokenizer.json has them.
Json family_document(const FolderFamily& family);

/// The marks round every text as a tokenizer.json's post_processor.
/// @throws UserError  a mark that is no piece.
Json folder_marks(const FolderConfig& config, const FolderFamily& family,
                  const std::function<int64_t(const std::string&)>& find);

/// Adds the folder's tokens and marks to a document that has stages and model.
std::unique_ptr<Tokenizer> finish_folder(const FolderConfig& config, const FolderFamily& family, Json document,
                                         const std::string& where, const TokenizerOptions& options);

}  // namespace emf
