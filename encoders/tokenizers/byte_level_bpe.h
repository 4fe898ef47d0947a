// SPDX-License-Identifier: Apache-2.0
// Byte-level byte-pair encoding (GPT-2's kind): pieces of text become bytes, bytes merge by learnt rank.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/merge_table.h"
#include "encoders/tokenizers/pipeline.h"

namespace emf {

/// GPT-2's visible character for each byte: itself where printable, else the next free one from U+0100 on.
const std::array<std::string, 256>& byte_alphabet();

/// Vocabulary and merges are written in GPT-2's printable alphabet, in which every byte is one visible
/// character. Where there is no unknown piece, bytes without a token are dropped, and their neighbours may then merge.
///
/// @source  Radford et al. 2019 (GPT-2), encoder.py; ids equal those of Hugging Face tokenizers.
class ByteLevelBpe : public TokenModel {
 public:
  struct Options {
    std::string word_end;         ///< written after the last byte of a piece ("</w>" for CLIP)
    std::string unknown;          ///< the piece of a byte without a token, "" = such bytes are dropped
    bool fuses_unknown = false;   ///< neighbours without a token are one unknown piece
    bool ignores_merges = false;  ///< a piece that is a token is that token, whatever the merges say (Llama 3)
  };

  /// @throws UserError  a merge of unknown pieces (names the vocabulary's origin and the merge); bytes without a
  /// token and an unknown piece that is none.
  ByteLevelBpe(Vocabulary vocabulary, const MergeList& merges, const Options& options);

  /// @cost  O(n log n) in the longest piece, about 0.1 us a byte.
  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override;
  int64_t vocabulary_size() const override { return size_; }

 private:
  int32_t whole_piece(std::string_view piece) const;

  int64_t size_;
  MergeTable merges_;
  std::array<int32_t, 256> byte_ids_, last_byte_ids_;
  int32_t unknown_ = -1;
  bool fuses_unknown_;
  Vocabulary whole_pieces_;  ///< filled only where merges are ignored
};

}  // namespace emf
