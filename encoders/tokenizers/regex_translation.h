// SPDX-License-Identifier: Apache-2.0
// Expressions written for Oniguruma, the engine of Hugging Face tokenizers, in PCRE2's words.
#pragma once

#include <string>
#include <string_view>

namespace emf {

/// The two engines differ in what classes of characters hold (\s, \w, \h, POSIX brackets), in `{1,3}+` and `{3}?` (no
/// possessive and no lazy form of an interval in Ruby's syntax), in `{,3}`, in (?m), and in nested and intersected
/// classes. The result wants PCRE2_MULTILINE: ^ and $ match at every line.
/// @param where  for the message.
/// @throws UserError  what means another thing to PCRE2 and is not translated (names it).
std::string pcre2_expression(std::string_view expression, const std::string& where);

}  // namespace emf
