// SPDX-License-Identifier: Apache-2.0
// What OneIG-Bench makes of a text that was read in a picture, beside the one that was wanted.
#pragma once

#include <string>
#include <string_view>

namespace emf {

struct OneIgReading {
  double distance = 0;  ///< Levenshtein's, in characters
  double complete = 0;  ///< 1 where the distance is 0
  double matched = 0;   ///< words of the wanted text that stand in the other; characters where it is Chinese
  double words = 0;     ///< of the wanted text, likewise
  double accuracy = 0;  ///< matched / words; 0 without a word
};

/// The official preprocess_string(): English, French and Chinese letters, digits and single blanks; no blanks at all
/// where Chinese stands in the text.   @throws UserError  not UTF-8.
std::u32string oneig_text(std::string_view text);

/// oneig_text() of what a judge read, without the words that it puts where it reads nothing.
std::u32string oneig_read_text(std::string text);

/// Words of a wanted text; characters where it is Chinese.
double oneig_words(const std::u32string& wanted);

/// @cost  the product of both lengths.
OneIgReading oneig_reading(const std::u32string& wanted, const std::u32string& read);

}  // namespace emf
