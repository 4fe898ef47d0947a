// SPDX-License-Identifier: Apache-2.0
// Text that others wrote, on its way to a terminal or a page: control characters are shown, never obeyed.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace emf {

/// Which control characters are layout that a caller means, and not a name's or a record's.
enum class ShownAs {
  kOneLine,  ///< none: a line end is shown as \x0A
  kLines,    ///< line ends and tabs pass
};

/// The text with every control character (C0, DEL, C1), every mark that reorders text (U+202A to U+202E, U+2066 to
/// U+2069, U+200E, U+200F) and every byte that is not UTF-8 written out: \x1B, \u202E, \xE9.
/// @cost  one pass; a text without any is copied.
std::string shown(std::string_view text, ShownAs form = ShownAs::kOneLine);

/// A JSON document with those characters as JSON's own escapes: the same value, harmless on a terminal.
std::string shown_json(const std::string& text);

/// One line of at most some 2,000 bytes: the middle of a longer one is left out and counted.
std::string shown_message(std::string_view text);

namespace terminal {

template <typename T>
auto argument(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return shown(std::string_view(value));
  } else {
    return value;
  }
}

void write(const std::string& text);

}  // namespace terminal

/// fmt::print to stdout, with every string among the arguments on one line as shown() has it.
/// @throws std::system_error  as fmt::print.
template <typename... Args>
void print_shown(fmt::format_string<Args...> format, Args&&... args) {
  const auto kept = std::make_tuple(terminal::argument(args)...);
  const fmt::string_view words(format);
  terminal::write(
      std::apply([&](const auto&... values) { return fmt::vformat(words, fmt::make_format_args(values...)); }, kept));
}

/// Several lines to stdout, as shown(ShownAs::kLines) has them.
void print_lines(const std::string& text);

}  // namespace emf
