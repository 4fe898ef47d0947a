// SPDX-License-Identifier: Apache-2.0
// How wide text stands on a terminal, and what of it fits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emf {

/// Columns that a line of UTF-8 without controls takes: none for a letter that combines, two for a wide one.
size_t columns_of(std::string_view text);

/// The text, or as much of its beginning as fits into `columns` with an ellipsis behind it. "" into none.
std::string cut_to_columns(std::string_view text, size_t columns);

struct TerminalSize {
  size_t columns = 80, rows = 24;
};

/// Of the terminal behind a file descriptor, now; 80 x 24 where it says none, or is no terminal.
TerminalSize terminal_size(int descriptor);

}  // namespace emf
