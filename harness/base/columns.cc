// SPDX-License-Identifier: Apache-2.0
#include "harness/base/columns.h"

#include <sys/ioctl.h>
#include <utf8proc.h>

namespace emf {
namespace {

constexpr utf8proc_int32_t kEmojiForm = 0xFE0F;  // makes the narrow sign before it a wide picture

/// Width of the first character, and its bytes.
size_t first_width(std::string_view text, size_t& bytes) {
  utf8proc_int32_t point = 0;
  const auto count = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &point);
  bytes = count <= 0 ? 1 : static_cast<size_t>(count);
  if (count <= 0 || point == kEmojiForm) return 1;
  return static_cast<size_t>(utf8proc_charwidth(point));
}

}  // namespace

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0, bytes = 0; at < text.size(); at += bytes) columns += first_width(text.substr(at), bytes);
  return columns;
}

std::string cut_to_columns(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  size_t at = 0;
  for (size_t used = 0, bytes = 0; at < text.size(); at += bytes) {
    used += first_width(text.substr(at), bytes);
    if (used > columns - 1) break;
  }
  return std::string(text.substr(0, at)) + "\u2026";
}

TerminalSize terminal_size(int descriptor) {
  TerminalSize size;
  winsize told{};
  if (::ioctl(descriptor, TIOCGWINSZ, &told) != 0) return size;
  if (told.ws_col > 0) size.columns = told.ws_col;
  if (told.ws_row > 0) size.rows = told.ws_row;
  return size;
}

}  // namespace emf
