// UTF-8 validity and decoding (utf8proc).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// Byte offset of the first invalid sequence, or npos when the text is valid UTF-8.
size_t invalid_utf8_at(std::string_view text);

/// Code points of valid UTF-8.  @throws UserError  invalid (names the byte).
std::vector<int32_t> code_points(std::string_view text);

/// Appends one code point as UTF-8.
void append_utf8(std::string& text, int32_t code_point);

}  // namespace emf
