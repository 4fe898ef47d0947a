// SPDX-License-Identifier: Apache-2.0
// CLIP's tokenizer: text cleaned and lowered, words cut by an expression, byte pairs with a mark at a word's
// end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "encoders/tokenizers/merge_table.h"
#include "encoders/tokenizers/tokenizer.h"

namespace emf {

/// HTML references twice, white space joined, lower case. ftfy's repairs are left out: the ids are those
/// without it.
/// @source  openai/CLIP, clip/simple_tokenizer.py.
std::string clip_text(std::string_view text);

/// @param vocabulary  holds the byte alphabet with and without "</w>", the merges, and the two marks.
/// @throws UserError  merges or marks that are no pieces.
std::unique_ptr<Tokenizer> clip_tokenizer(Vocabulary vocabulary, const MergeList& merges);

/// As many merges of the list as CLIP was trained with: they fill 49,408 ids with the alphabets and marks.
inline constexpr int64_t kClipMerges = 49152 - 256 - 2;

/// From OpenAI's list of merges, bpe_simple_vocab_16e6.txt(.gz).
/// @param num_merges  taken from the list's head; there are 514 ids more. Fewer give a smaller tokenizer of the same
///   kind.
/// @throws UserError  absent (kMissing); too few or malformed merges (names file and line).
std::unique_ptr<Tokenizer> load_clip_merges(const std::filesystem::path& path, int64_t num_merges = kClipMerges);

}  // namespace emf
