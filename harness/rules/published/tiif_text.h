// SPDX-License-Identifier: Apache-2.0
// TIIF-Bench's text scores: words that were read in a picture against those that were wanted.
#pragma once

#include <string>
#include <vector>

#include "harness/rules/answer_rule.h"

namespace emf {

/// Levenshtein's distance over the longer length; 0 of two empty texts.
double tiif_edit_distance(const std::u32string& a, const std::u32string& b);

/// Distances of the best matching of wanted and read words, and 1 for each word without a partner, over the larger
/// number of words.   @cost  the cube of that number.
double tiif_gned(const std::vector<std::u32string>& wanted, const std::vector<std::u32string>& read);

/// Share of wanted words that some read word is within .3 of; each word serves once, first come first served.
double tiif_recall(const std::vector<std::u32string>& wanted, const std::vector<std::u32string>& read);

/// Adds GNED_short, GNED_long, Recall_short and Recall_long of an OCR file, an item a picture.
/// @throws UserError  not the OCR file's form; a picture without wanted words (the official script ends there).
void add_tiif_text(AnswerSet& set, const AnswerFile& file, AnswerNotes& notes);

}  // namespace emf
