// SPDX-License-Identifier: Apache-2.0
#include "harness/base/terminal.h"

#include <utf8proc.h>

#include <cstdio>

#include "harness/base/live_lines.h"

namespace emf {
namespace {

bool reorders(int32_t point) {
  return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) || point == 0x200E ||
         point == 0x200F;
}

bool controls(int32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0) || reorders(point); }

/// Calls take(bytes, code point) for every character; of a byte that begins none the code point is -1.
template <typename Take>
void for_each_character(std::string_view text, const Take& take) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const auto count = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    const size_t length = count <= 0 ? 1 : static_cast<size_t>(count);
    take(text.substr(at, length), count <= 0 ? -1 : point);
    at += length;
  }
}

/// Most texts have none of what is looked for: bytes that are neither controls nor begin a longer character.
bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) return false;
  }
  return true;
}

}  // namespace

std::string shown(std::string_view text, ShownAs form) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  for_each_character(text, [&](std::string_view bytes, int32_t point) {
    const bool meant = form == ShownAs::kLines && (point == '\n' || point == '\t');
    if (point < 0) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(bytes.front()));
    } else if (!controls(point) || meant) {
      out += bytes;
    } else {
      out += point < 0x100 ? fmt::format("\\x{:02X}", point) : fmt::format("\\u{:04X}", point);
    }
  });
  return out;
}

std::string shown_json(const std::string& text) {
  std::string out;
  for_each_character(text, [&](std::string_view bytes, int32_t point) {
    // Below a blank stand the line ends between values alone: within strings they are escaped already.
    if (point >= 0x20 && controls(point)) {
      out += fmt::format("\\u{:04x}", point);
    } else {
      out += bytes;
    }
  });
  return out;
}

std::string shown_message(std::string_view text) {
  constexpr size_t kHead = 1500, kTail = 500;
  if (text.size() <= kHead + kTail + 100) return shown(text);
  return fmt::format("{} ... ({} bytes) ... {}", shown(text.substr(0, kHead)), text.size() - kHead - kTail,
                     shown(text.substr(text.size() - kTail)));
}

void terminal::write(const std::string& text) {
  // What is drawn at the foot of the same terminal makes room first.
  LiveLines::instance().aside([&] { fmt::print("{}", shown(text, ShownAs::kLines)); });
}

void print_lines(const std::string& text) { terminal::write(text); }

}  // namespace emf
