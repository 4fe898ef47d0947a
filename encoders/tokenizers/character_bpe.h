// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding that begins at characters, as a tokenizer.json of the Gemma and Llama 2 kind has it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/merge_table.h"
#include "encoders/tokenizers/pipeline.h"

namespace emf {

/// A character without a piece becomes the pieces of its bytes where all are there (byte fallback), else the
/// unknown piece, else nothing.   @source  Hugging Face tokenizers, models/bpe.
class CharacterBpe : public TokenModel {
 public:
  struct Options {
    std::string unknown;  ///< "" = none
    bool fuses_unknown = false;
    bool falls_back_to_bytes = false;
    bool ignores_merges = false;
    std::string word_end;
  };

  /// @throws UserError  a merge of unknown pieces, an unknown piece that is none.
  CharacterBpe(Vocabulary vocabulary, const MergeList& merges, const Options& options);

  /// @cost  O(n log n) in the longest piece.
  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override;
  int64_t vocabulary_size() const override { return vocabulary_.size(); }

 private:
  Vocabulary vocabulary_;
  Options options_;
  MergeTable merges_;
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_ = -1;
};

}  // namespace emf
