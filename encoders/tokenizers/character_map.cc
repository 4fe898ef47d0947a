// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/character_map.h"

#include <utf8proc.h>

#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"

namespace emf {
namespace {

uint32_t little_endian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// A unit of the trie.   @source  darts-clone, DoubleArrayUnit.
bool has_leaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFFU; }
uint32_t label_of(uint32_t unit) { return unit & (0x80000000U | 0xFF); }
uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

/// Bytes of the user-perceived character (extended grapheme cluster) that begins here.
size_t cluster_bytes(std::string_view text, size_t at) {
  const size_t begin = at;
  int32_t point = point_at(text, at), state = 0;
  while ((at += sequence_bytes(text[at])) < text.size()) {
    const int32_t next = point_at(text, at);
    if (utf8proc_grapheme_break_stateful(point, next, &state)) break;
    point = next;
  }
  return at - begin;
}

}  // namespace

CharacterMap::CharacterMap(std::string_view bytes, const std::string& origin) {
  if (bytes.empty()) return;
  const size_t trie_bytes = bytes.size() < 4 ? 0 : little_endian(bytes, 0);
  if (trie_bytes < 4 || trie_bytes % 4 != 0 || trie_bytes > bytes.size() - 4) {
    fail_input("{}: the precompiled character map is damaged", origin);
  }
  for (size_t at = 4; at < 4 + trie_bytes; at += 4) trie_.push_back(little_endian(bytes, at));
  texts_ = bytes.substr(4 + trie_bytes);
}

CharacterMap::Found CharacterMap::find(std::string_view text, Wanted wanted) const {
  Found found;
  if (trie_.empty()) return found;
  uint32_t place = offset_of(trie_[0]);
  for (size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    place ^= byte;
    if (place >= trie_.size() || label_of(trie_[place]) != byte) break;
    const uint32_t unit = trie_[place];
    place ^= offset_of(unit);
    if (!has_leaf(unit) || place >= trie_.size()) continue;
    const size_t begin = value_of(trie_[place]);
    if (begin > texts_.size()) continue;
    found = {i + 1, std::string_view(texts_).substr(begin, std::min(texts_.find('\0', begin), texts_.size()) - begin)};
    if (wanted == Wanted::kShortest) break;
  }
  return found;
}

void CharacterMap::append_cluster(std::string_view cluster, std::string& out) const {
  constexpr size_t kLongestCluster = 6;
  if (cluster.size() < kLongestCluster) {
    if (const Found found = find(cluster, Wanted::kShortest); found.size > 0) {
      out += found.text;
      return;
    }
  }
  for (size_t at = 0; at < cluster.size();) {
    const std::string_view character = cluster.substr(at, sequence_bytes(cluster[at]));
    const Found found = find(character, Wanted::kShortest);
    out += found.size > 0 ? found.text : character;
    at += character.size();
  }
}

std::string CharacterMap::by_clusters(std::string_view text) const {
  if (trie_.empty()) return std::string(text);
  std::string result;
  result.reserve(text.size());
  const auto is_plain = [&](size_t at) { return at >= text.size() || static_cast<unsigned char>(text[at]) < 0x80; };
  for (size_t at = 0; at < text.size();) {
    // ASCII before ASCII is a character of its own, but for a line's end of two.
    const size_t size = is_plain(at) && is_plain(at + 1) && text[at] != '\r' ? 1 : cluster_bytes(text, at);
    append_cluster(text.substr(at, size), result);
    at += size;
  }
  return result;
}

std::string CharacterMap::by_longest(std::string_view text) const {
  if (trie_.empty()) return std::string(text);
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Found found = find(text.substr(at), Wanted::kLongest);
    const size_t size = found.size > 0 ? found.size : sequence_bytes(text[at]);
    result += found.size > 0 ? found.text : text.substr(at, size);
    at += size;
  }
  return result;
}

}  // namespace emf
