// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/html_unescape.h"

#include <algorithm>

#include "encoders/tokenizers/html_entities.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

constexpr int32_t kReplacement = 0xFFFD;

// Windows-1252 behind &#128; ... &#159;, as browsers read it.   @source  HTML, section 13.2.5.80.
constexpr int32_t kWindows1252[32] = {0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
                                      0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
                                      0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                      0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

void append_number(std::string& out, int64_t number) {
  if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)) return append_utf8(out, kReplacement);
  if (number >= 0x80 && number < 0xA0) return append_utf8(out, kWindows1252[number - 0x80]);
  const bool is_control = number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
  const bool is_no_character = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
  if (is_control || number == 0x7F || is_no_character) return;
  append_utf8(out, static_cast<int32_t>(number));
}

/// "#65;" and the like after an ampersand: the bytes it takes, 0 when it is no number.
size_t read_number(std::string_view text, std::string& out) {
  const bool is_hex = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  const size_t first = is_hex ? 2 : 1;
  const auto digit_of = [&](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char low = static_cast<char>(c | 0x20);
    return is_hex && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  };
  int64_t number = 0;
  size_t at = first;
  for (; at < text.size() && digit_of(text[at]) >= 0; ++at) {
    number = std::min<int64_t>(number * (is_hex ? 16 : 10) + digit_of(text[at]), 0x110000);
  }
  if (at == first) return 0;
  append_number(out, number);
  return at < text.size() && text[at] == ';' ? at + 1 : at;
}

const HtmlEntity* find_entity(std::string_view name) {
  const auto entities = html_entities();
  const auto found = std::lower_bound(entities.begin(), entities.end(), name,
                                      [](const HtmlEntity& entity, std::string_view key) { return entity.name < key; });
  return found != entities.end() && found->name == name ? &*found : nullptr;
}

/// "amp;" and the like after an ampersand: the bytes it takes, 0 when no name of HTML begins it.
size_t read_name(std::string_view text, std::string& out) {
  constexpr int kMaxCharacters = 32;
  size_t end = 0;
  for (int i = 0; i < kMaxCharacters && end < text.size(); ++i) {
    const char c = text[end];
    if (c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' || c == ';') break;
    end += sequence_bytes(c);
  }
  const auto append = [&](const HtmlEntity& entity) {
    append_utf8(out, entity.first);
    if (entity.second != 0) append_utf8(out, entity.second);
  };
  if (end < text.size() && text[end] == ';') {
    if (const HtmlEntity* entity = find_entity(text.substr(0, end))) {
      append(*entity);
      return end + 1;
    }
  }
  for (; end > 1; --end) {
    const HtmlEntity* entity = find_entity(text.substr(0, end));
    if (entity == nullptr || !entity->may_end_bare) continue;
    append(*entity);
    return end;
  }
  return 0;
}

}  // namespace

std::string html_unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '&' && at + 1 < text.size()) {
      const std::string_view rest = text.substr(at + 1);
      const size_t taken = rest[0] == '#' ? read_number(rest, out) : read_name(rest, out);
      if (taken > 0) {
        at += 1 + taken;
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

}  // namespace emf
