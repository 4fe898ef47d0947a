// SPDX-License-Identifier: Apache-2.0
// The nearest known name to a mistyped one, for error messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// The known name that is one letter away, else that of which the word is one whole word ('mouse' of 'computer mouse'),
/// else the one with the least edit distance within a third of the word's length (at least 2), else the one name that
/// the word begins with or that begins with the word ('output' of 'out'), else "".
std::string near_name(std::string_view word, const std::vector<std::string>& known);

/// The known name that the word, which is another, was surely meant to be: in other case, one letter wrong, missing or
/// too many, or two of seven and more; "" for a word of its own.
std::string slip_of(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean 'x'?" or "; known: a, b, c" for the end of an error line.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace emf
