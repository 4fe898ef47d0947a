// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/unigram.h"

#include <algorithm>

#include "encoders/tokenizers/byte_pieces.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr double kUnknownPenalty = 10.0;

}  // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, const Options& options, std::string origin)
    : size_(static_cast<int64_t>(pieces.size())), origin_(std::move(origin)) {
  if (pieces.empty()) fail_input("{}: the vocabulary is empty", origin_);
  if (options.unknown && (*options.unknown < 0 || *options.unknown >= size_)) {
    fail_input("{}: the unknown piece is {}, of {} pieces", origin_, *options.unknown, size_);
  }
  unknown_ = options.unknown ? static_cast<int32_t>(*options.unknown) : -1;
  byte_ids_.fill(-1);
  Vocabulary byte_texts(origin_);
  double least = pieces[0].score;
  scores_.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    const Piece& piece = pieces[id];
    scores_.push_back(piece.score);
    if (options.falls_back_to_bytes && piece.text.size() == 6 && piece.text.starts_with("<0x") &&
        byte_texts.find(piece.text) < 0) {
      byte_texts.add(piece.text, static_cast<int64_t>(id));
    }
    if (!piece.is_found) continue;
    least = std::min(least, piece.score);
    trie_.add(piece.text, static_cast<int32_t>(id));
  }
  if (options.falls_back_to_bytes) byte_ids_ = byte_pieces(byte_texts);
  unknown_score_ = least - kUnknownPenalty;
}

void Unigram::fill(std::string_view piece, std::vector<Node>& best) const {
  best.assign(piece.size() + 1, Node());
  const auto offer = [&](size_t end, size_t begin, int32_t id, double score) {
    Node& node = best[end];
    if (node.begin < 0 || score > node.score) node = {score, id, static_cast<int64_t>(begin)};
  };
  for (size_t begin = 0; begin < piece.size();) {
    const size_t character = sequence_bytes(piece[begin]);
    const double before = best[begin].score;
    bool has_character = false;
    uint32_t node = PieceTrie::kRoot;
    for (size_t end = begin; end < piece.size();) {
      node = trie_.step(node, piece[end]);
      if (node == PieceTrie::kNone) break;
      ++end;
      const int32_t id = trie_.id(node);
      if (id < 0) continue;
      offer(end, begin, id, scores_[static_cast<size_t>(id)] + before);
      has_character |= end == begin + character;
    }
    if (!has_character) offer(begin + character, begin, unknown_, unknown_score_ + before);
    begin += character;
  }
}

void Unigram::spell_unknown(std::string_view text, std::vector<int64_t>& ids) const {
  const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  if (const int32_t id = trie_.find(text); id >= 0) {
    ids.push_back(id);
  } else if (std::all_of(text.begin(), text.end(), [&](char c) { return byte_id(c) >= 0; })) {
    for (const char c : text) ids.push_back(byte_id(c));
  } else if (unknown_ >= 0) {
    ids.push_back(unknown_);
  } else {
    fail_input("{}: {} has no piece, and there is no unknown piece", origin_, quoted_name(text));
  }
}

void Unigram::encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const {
  std::vector<Node> best;
  std::vector<std::pair<size_t, size_t>> tokens;  // from the right
  for (const std::string_view piece : pieces) {
    fill(piece, best);
    tokens.clear();
    bool was_unknown = false;
    for (size_t end = piece.size(); end > 0;) {
      const auto begin = static_cast<size_t>(best[end].begin);
      const bool is_unknown = best[end].id == unknown_;
      if (is_unknown && was_unknown) {
        tokens.back().first = begin;  // neighbours without a piece are one
      } else {
        tokens.emplace_back(begin, end);
      }
      was_unknown = is_unknown;
      end = begin;
    }
    for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
      const auto& [begin, end] = *token;
      const Node& node = best[end];
      if (node.id != unknown_) {
        ids.push_back(node.id);
      } else {
        spell_unknown(piece.substr(begin, end - begin), ids);
      }
    }
  }
}

}  // namespace emf
