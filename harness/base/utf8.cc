// SPDX-License-Identifier: Apache-2.0
#include "harness/base/utf8.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstring>

#include "harness/base/error.h"

namespace emf {

size_t invalid_utf8_at(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    // Most text is ASCII, which eight bytes at once can be seen to be.
    constexpr uint64_t kHighBits = 0x8080808080808080;
    uint64_t eight = kHighBits;
    if (at + sizeof eight <= text.size()) std::memcpy(&eight, bytes + at, sizeof eight);
    if ((eight & kHighBits) == 0) {
      at += sizeof eight;
      continue;
    }
    utf8proc_int32_t code_point = 0;
    const auto count = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    // utf8proc refuses surrogates, overlong forms and what lies above U+10FFFF, as RFC 3629 asks.
    if (count <= 0) return at;
    at += static_cast<size_t>(count);
  }
  return std::string_view::npos;
}

void require_utf8(std::string_view text, const std::string& origin) {
  const size_t at = invalid_utf8_at(text);
  if (at == std::string_view::npos) return;
  const std::string_view before = text.substr(0, at);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string line = text.find('\n') == std::string_view::npos
                               ? ""
                               : fmt::format(":{}", std::count(before.begin(), before.end(), '\n') + 1);
  const auto byte = [&](size_t place) { return static_cast<unsigned char>(text[place]); };
  const bool wide = text.size() > 1 && byte(0) >= 0xFE && byte(0) + byte(1) == 0xFE + 0xFF;  // a UTF-16 mark
  fail_input("{}{}: byte {} is 0x{:02X}, which is not UTF-8; save the file as UTF-8{}", origin, line,
             at - line_begin + 1, byte(at), wide ? " (it looks like UTF-16)" : "");
}

std::string printable_utf8(std::string_view text) {
  std::string printable;
  for (size_t at = invalid_utf8_at(text); at != std::string_view::npos; at = invalid_utf8_at(text)) {
    printable += text.substr(0, at);
    printable += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[at]));
    text.remove_prefix(at + 1);
  }
  return printable.append(text);
}

std::vector<int32_t> code_points(std::string_view text) {
  std::vector<int32_t> points;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto count = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    if (count <= 0) fail_input("text is not UTF-8 at byte {}", at);
    points.push_back(code_point);
    at += static_cast<size_t>(count);
  }
  return points;
}

void append_utf8(std::string& text, int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto count = utf8proc_encode_char(code_point, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
}

}  // namespace emf
