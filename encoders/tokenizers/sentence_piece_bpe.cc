// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/sentence_piece_bpe.h"

#include <algorithm>

#include "encoders/tokenizers/merge_queue.h"
#include "encoders/tokenizers/unicode_text.h"

namespace emf {

SentencePieceBpe::SentencePieceBpe(const std::vector<std::string_view>& pieces, std::vector<float> scores,
                                   const std::array<int32_t, 256>& bytes, int32_t unknown, const std::string& origin)
    : vocabulary_(origin), scores_(std::move(scores)), byte_ids_(bytes), unknown_(unknown) {
  scores_.resize(pieces.size(), 0.0f);
  vocabulary_.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].empty()) continue;
    vocabulary_.add(pieces[id], static_cast<int64_t>(id));
    longest_ = std::max(longest_, pieces[id].size());
  }
}

void SentencePieceBpe::encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const {
  MergeQueue queue;
  for (const std::string_view piece : pieces) {
    queue.clear();
    for (size_t at = 0; at < piece.size();) {
      const std::string_view character = piece.substr(at, sequence_bytes(piece[at]));
      queue.push(vocabulary_.find(character), static_cast<int64_t>(at), static_cast<int64_t>(character.size()));
      at += character.size();
    }
    queue.merge_all([&](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right, MergeQueue::Merge& merge) {
      const auto size = static_cast<size_t>(left.size + right.size);
      if (size > longest_) return false;
      merge.id = vocabulary_.find(piece.substr(static_cast<size_t>(left.begin), size));
      if (merge.id < 0) return false;
      merge.rank = -static_cast<double>(scores_[static_cast<size_t>(merge.id)]);
      return true;
    });
    bool was_unknown = false;
    queue.visit([&](const MergeQueue::Symbol& symbol) {
      const std::string_view text = piece.substr(static_cast<size_t>(symbol.begin), static_cast<size_t>(symbol.size));
      const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
      if (symbol.id >= 0) {
        ids.push_back(symbol.id);
        was_unknown = false;
      } else if (std::all_of(text.begin(), text.end(), [&](char c) { return byte_id(c) >= 0; })) {
        for (const char c : text) ids.push_back(byte_id(c));
        was_unknown = false;
      } else if (unknown_ >= 0) {
        if (!was_unknown) ids.push_back(unknown_);  // sentencepiece joins unknown neighbours
        was_unknown = true;
      }
    });
  }
}

}  // namespace emf
