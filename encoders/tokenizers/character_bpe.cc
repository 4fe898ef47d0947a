// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/character_bpe.h"

#include <algorithm>

#include "encoders/tokenizers/byte_pieces.h"
#include "encoders/tokenizers/unicode_text.h"

namespace emf {

CharacterBpe::CharacterBpe(Vocabulary vocabulary, const MergeList& merges, const Options& options)
    : vocabulary_(std::move(vocabulary)), options_(options), merges_(vocabulary_, merges) {
  byte_ids_.fill(-1);
  if (options_.falls_back_to_bytes) byte_ids_ = byte_pieces(vocabulary_);
  if (!options_.unknown.empty()) unknown_ = vocabulary_.require(options_.unknown, "the unknown piece");
}

void CharacterBpe::encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const {
  MergeQueue queue;
  const auto find = [this](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right, MergeQueue::Merge& merge) {
    return merges_.find(left.id, right.id, merge);
  };
  for (const std::string_view piece : pieces) {
    if (options_.ignores_merges) {
      const int32_t id = vocabulary_.find(piece);
      if (id >= 0) {
        ids.push_back(id);
        continue;
      }
    }
    queue.clear();
    bool was_unknown = false;
    for (size_t at = 0; at < piece.size();) {
      const std::string_view character = piece.substr(at, sequence_bytes(piece[at]));
      at += character.size();
      const bool is_last = at >= piece.size() && !options_.word_end.empty();
      const int32_t id =
          is_last ? vocabulary_.find(std::string(character) + options_.word_end) : vocabulary_.find(character);
      const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
      if (id >= 0) {
        queue.push(id);
        was_unknown = false;
      } else if (std::all_of(character.begin(), character.end(), [&](char c) { return byte_id(c) >= 0; })) {
        for (const char c : character) queue.push(byte_id(c));
        was_unknown = false;
      } else if (unknown_ >= 0) {
        if (!was_unknown || !options_.fuses_unknown) queue.push(unknown_);
        was_unknown = true;
      }
    }
    queue.merge_all(find);
    queue.visit([&](const MergeQueue::Symbol& symbol) { ids.push_back(symbol.id); });
  }
}

}  // namespace emf
