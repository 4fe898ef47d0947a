// SPDX-License-Identifier: Apache-2.0
// The byte alphabet, and bytes to ids.
#include "encoders/tokenizers/byte_level_bpe.h"

#include <algorithm>

#include "harness/base/utf8.h"

namespace emf {

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = [] {
    std::array<std::string, 256> characters;
    int32_t spare = 256;
    for (int32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
      append_utf8(characters[static_cast<size_t>(byte)], printable ? byte : spare++);
    }
    return characters;
  }();
  return alphabet;
}

ByteLevelBpe::ByteLevelBpe(Vocabulary vocabulary, const MergeList& merges, const Options& options)
    : size_(vocabulary.size()),
      merges_(vocabulary, merges),
      fuses_unknown_(options.fuses_unknown),
      whole_pieces_(vocabulary.origin()) {
  for (size_t byte = 0; byte < 256; ++byte) {
    byte_ids_[byte] = vocabulary.find(byte_alphabet()[byte]);
    last_byte_ids_[byte] = vocabulary.find(byte_alphabet()[byte] + options.word_end);
  }
  const bool has_all = std::all_of(byte_ids_.begin(), byte_ids_.end(), [](int32_t id) { return id >= 0; }) &&
                       std::all_of(last_byte_ids_.begin(), last_byte_ids_.end(), [](int32_t id) { return id >= 0; });
  if (!has_all && !options.unknown.empty()) unknown_ = vocabulary.require(options.unknown, "the unknown piece");
  if (options.ignores_merges) whole_pieces_ = std::move(vocabulary);
}

int32_t ByteLevelBpe::whole_piece(std::string_view piece) const {
  std::string visible;
  for (const char c : piece) visible += byte_alphabet()[static_cast<unsigned char>(c)];
  return whole_pieces_.find(visible);
}

void ByteLevelBpe::encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const {
  MergeQueue queue;
  const auto find = [this](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right, MergeQueue::Merge& merge) {
    return merges_.find(left.id, right.id, merge);
  };
  for (const std::string_view piece : pieces) {
    if (whole_pieces_.num_pieces() > 0) {
      const int32_t id = whole_piece(piece);
      if (id >= 0) {
        ids.push_back(id);
        continue;
      }
    }
    queue.clear();
    bool was_unknown = false;
    for (size_t i = 0; i < piece.size(); ++i) {
      const auto byte = static_cast<unsigned char>(piece[i]);
      const int32_t id = i + 1 == piece.size() ? last_byte_ids_[byte] : byte_ids_[byte];
      if (id >= 0) {
        queue.push(id);
      } else if (unknown_ >= 0 && !(was_unknown && fuses_unknown_)) {
        queue.push(unknown_);
      }
      was_unknown = id < 0;
    }
    queue.merge_all(find);
    queue.visit([&](const MergeQueue::Symbol& symbol) { ids.push_back(symbol.id); });
  }
}

}  // namespace emf
