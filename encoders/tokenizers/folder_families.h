// SPDX-License-Identifier: Apache-2.0
// What each class of transformers makes of its vocabulary, in the form of a tokenizer.json without its "model".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "encoders/tokenizers/folder_config.h"

namespace emf {

/// Which vocabulary a class has.
enum class FamilyFiles { kVocabularyAndMerges, kWordPiece, kSentencePiece };

struct FolderFamily {
  FamilyFiles files;
  Json marks;                              ///< those of the class: {"eos_token": text, ...}
  Json normalizer;                         ///< null = none
  Json pre_tokenizer;                      ///< null = none
  Json model;                              ///< keys of the model's section but its vocabulary
  std::vector<const char*> before, after;  ///< marks round every text; empty = add_bos_token and add_eos_token say so
};

/// @return  nothing for a class that is not read here.
std::optional<FolderFamily> folder_family(const FolderConfig& config);

/// BERT's, whatever class a folder names.
FolderFamily word_piece_family(const FolderConfig& config);

/// @throws UserError  an option of tokenizer_config.json that moves ids and is not read here (names it).
void refuse_unread_options(const FolderConfig& config);

/// Classes that are read, for messages.
std::vector<std::string> folder_family_names();

}  // namespace emf
