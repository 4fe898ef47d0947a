// SPDX-License-Identifier: Apache-2.0
// WordPiece (BERT): each word is the longest piece that begins it, then the longest "##" piece, and so on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/vocabulary.h"

namespace emf {

/// @source  Wu et al. 2016; Hugging Face tokenizers, models/wordpiece.
class WordPiece : public TokenModel {
 public:
  struct Options {
    std::string unknown = "[UNK]";
    std::string continuation = "##";
    int64_t longest_word = 100;  ///< in characters; longer words are unknown
  };

  /// @throws UserError  the unknown piece is none.
  WordPiece(Vocabulary vocabulary, const Options& options);

  /// @cost  quadratic in a word's length, which longest_word bounds.
  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override;
  int64_t vocabulary_size() const override { return vocabulary_.size(); }

 private:
  bool encode_word(std::string_view word, std::vector<int64_t>& ids) const;

  Vocabulary vocabulary_;
  Options options_;
  int32_t unknown_;
};

/// BERT's own text steps.
struct BertText {
  bool cleans = true;        ///< controls go, white space becomes a space
  bool cuts_chinese = true;  ///< every Han character becomes a word
  bool strips_accents = true;
  bool lowers = true;
};
std::string bert_text(std::string_view text, const BertText& options);

/// Words and single punctuation characters.
void cut_bert_words(std::string_view text, std::vector<std::string_view>& pieces);

}  // namespace emf
