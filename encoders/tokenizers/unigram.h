// SPDX-License-Identifier: Apache-2.0
// A unigram language model: of all ways to spell a piece, the most probable one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/piece_trie.h"
#include "encoders/tokenizers/pipeline.h"

namespace emf {

/// Of equal ways the one whose last token begins first wins, scores added up from the left in double precision: so
/// decide tokenizers, llama.cpp and sentencepiece from 0.2 on. Debian's sentencepiece adds in single precision.
///
/// @source  Kudo 2018; Hugging Face tokenizers, models/unigram; sentencepiece unigram_model.cc.
class Unigram : public TokenModel {
 public:
  struct Piece {
    std::string text;
    double score = 0.0;
    bool is_found = true;  ///< false: text never becomes it (a control or byte piece of sentencepiece)
  };
  struct Options {
    std::optional<int64_t> unknown;    ///< its id
    bool falls_back_to_bytes = false;  ///< what is unknown becomes the pieces of its bytes where all are there
  };

  /// @param pieces  by id.   @param origin  for messages.
  /// @throws UserError  no pieces; an unknown piece beyond them.
  Unigram(const std::vector<Piece>& pieces, const Options& options, std::string origin);

  /// @throws UserError  a character without a piece where there is no unknown piece (names it).
  /// @cost  O(bytes times the longest piece), about 0.1 us a byte.
  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override;
  int64_t vocabulary_size() const override { return size_; }

 private:
  struct Node {
    double score = 0.0;
    int32_t id = -1;
    int64_t begin = -1;  ///< -1 = not reached yet
  };
  void fill(std::string_view piece, std::vector<Node>& best) const;
  void spell_unknown(std::string_view text, std::vector<int64_t>& ids) const;

  PieceTrie trie_;
  std::vector<double> scores_;
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_;
  double unknown_score_;
  int64_t size_;
  std::string origin_;
};

}  // namespace emf
