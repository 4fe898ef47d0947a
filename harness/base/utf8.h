// SPDX-License-Identifier: Apache-2.0
// UTF-8 validity and decoding (utf8proc).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// Byte offset of the first invalid sequence, or npos when the text is valid UTF-8.
size_t invalid_utf8_at(std::string_view text);

/// @throws UserError  not UTF-8: names `origin`, the line (from 1, where there are several) and the byte of it.
/// @cost  about 10 GB/s of ASCII.
void require_utf8(std::string_view text, const std::string& origin);

/// The text for a message: bytes that are not UTF-8 as \xE9.
std::string printable_utf8(std::string_view text);

/// Code points of valid UTF-8.  @throws UserError  invalid (names the byte).
std::vector<int32_t> code_points(std::string_view text);

/// Appends one code point as UTF-8.
void append_utf8(std::string& text, int32_t code_point);

}  // namespace emf
