#include "harness/base/utf8.h"

#include <utf8proc.h>

#include "harness/base/error.h"

namespace emf {

size_t invalid_utf8_at(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto count = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    // utf8proc refuses surrogates, overlong forms and what lies above U+10FFFF, as RFC 3629 asks.
    if (count <= 0) return at;
    at += static_cast<size_t>(count);
  }
  return std::string_view::npos;
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
