// SPDX-License-Identifier: Apache-2.0
// Classes of characters, case and normal forms, as the tokenizers' own engines have them (utf8proc).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emf {

bool is_white_space(int32_t point);      ///< Unicode's White_Space
bool is_punctuation(int32_t point);      ///< categories P*, and all ASCII that is no letter, digit, space or control
bool is_nonspacing_mark(int32_t point);  ///< category Mn
bool is_mark(int32_t point);             ///< categories M*
bool is_control(int32_t point);          ///< categories Cc, Cf, Co
bool is_ascii(std::string_view text);

/// Bytes of the UTF-8 sequence that begins with this byte, of valid UTF-8.
inline size_t sequence_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The character that begins at this byte of valid UTF-8.
int32_t point_at(std::string_view text, size_t at);

/// Lower case, character by character (Rust's char::to_lowercase).
/// @param final_sigma  a capital sigma that ends a word becomes U+03C2, as in Python's str.lower.
std::string lower_case(std::string_view text, bool final_sigma = false);

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };
/// @cost  O(n log n), also for long runs of combining marks.
std::string normal_form(std::string_view text, NormalForm form);

}  // namespace emf
