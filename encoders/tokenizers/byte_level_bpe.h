// Byte-level byte-pair encoding (GPT-2's kind): pieces of text become bytes, bytes merge by learnt rank.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/tokenizer.h"
#include "encoders/weights/gguf.h"

namespace emf {

/// Vocabulary and merges are written in GPT-2's printable alphabet, in which every byte is one visible
/// character. Special tokens in the text are plain text. Bytes without a token are dropped, and their
/// neighbours may then merge.
///
/// @source  Radford et al. 2019 (GPT-2), encoder.py; ids equal those of Hugging Face tokenizers.
class ByteLevelBpe : public Tokenizer {
 public:
  /// @param tokens   id -> piece.   @param merges  "left right", best first.   @param pattern  cuts text into
  /// pieces.
  /// @throws UserError  a merge of unknown pieces (names origin and merge).
  ByteLevelBpe(const std::vector<std::string_view>& tokens, const std::vector<std::string_view>& merges,
               Pattern pattern, const std::string& origin);

  std::vector<int64_t> encode(std::string_view text, bool with_specials) const override;
  int64_t vocabulary_size() const override { return vocabulary_size_; }

 private:
  static constexpr uint64_t kNoPair = ~uint64_t{0};
  struct Merge {
    uint64_t pair = kNoPair;
    int32_t rank = 0;
    int32_t id = 0;
  };
  struct Workspace;

  const Merge* find(int32_t left, int32_t right) const;
  void insert(const Merge& merge);
  void encode_piece(std::string_view piece, Workspace& work, std::vector<int64_t>& ids) const;

  Pattern pattern_;
  int64_t vocabulary_size_;
  std::array<int32_t, 256> byte_ids_;
  std::vector<Merge> table_;  // open addressing, a power of two long, at most half full
};

/// The tokenizer inside a GGUF file (tokenizer.ggml.*).
/// @throws UserError  another kind of tokenizer or pre-tokenizer than those known here (names it).
std::unique_ptr<ByteLevelBpe> byte_level_bpe(const GgufFile& file);

}  // namespace emf
