// SPDX-License-Identifier: Apache-2.0
// SentencePiece's byte-pair encoding out of a list of scored pieces: Gemma and Llama 2 as GGUF files hold
// them.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/vocabulary.h"

namespace emf {

/// Two neighbours merge when what they spell is a piece, the best score first, then from the left. What ends
/// up without a piece becomes its bytes' pieces, else the unknown piece.
///
/// @source  Kudo and Richardson 2018, sentencepiece bpe_model.cc.
class SentencePieceBpe : public TokenModel {
 public:
  /// @param pieces, scores  by id; pieces that text must never become (controls, user-defined ones) left
  /// empty.
  /// @param bytes  ids of the byte pieces, -1 = none.   @param unknown  -1 = none.
  /// @throws UserError  a piece twice.
  SentencePieceBpe(const std::vector<std::string_view>& pieces, std::vector<float> scores,
                   const std::array<int32_t, 256>& bytes, int32_t unknown, const std::string& origin);

  /// @cost  O(n log n) in the longest piece, about 0.3 us a byte.
  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override;
  int64_t vocabulary_size() const override { return static_cast<int64_t>(scores_.size()); }

 private:
  Vocabulary vocabulary_;
  std::vector<float> scores_;
  size_t longest_ = 0;  ///< bytes of the longest piece
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_;
};

}  // namespace emf
