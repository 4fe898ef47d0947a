// SPDX-License-Identifier: Apache-2.0
// A tokenizer as a row of stages: added tokens, normalisers, cutters, model. Every family is one such row.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/added_tokens.h"
#include "encoders/tokenizers/tokenizer.h"

namespace emf {

/// Rewrites a stretch or a piece of text.
/// @param is_first  it begins the whole text; a step that takes the beginning away clears it.
using TextStep = std::function<void(std::string& text, bool& is_first)>;

/// Cuts a piece into smaller ones (views into it), appended to pieces; what it leaves out is gone.
using CutStep = std::function<void(std::string_view piece, std::vector<std::string_view>& pieces)>;

/// One stage of the pre-tokenizer: it rewrites every piece, then cuts it. Either may be absent.
struct PieceStep {
  TextStep rewrite;
  CutStep cut;
};

/// The trained part: pieces of normalised text to ids. Safe to call from any thread.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const = 0;
  virtual int64_t vocabulary_size() const = 0;
};

/// The order is that of Hugging Face tokenizers: what a pre-tokenizer writes (a leading space, a Metaspace mark) goes
/// to the pieces between tokens, never to the whole text.
struct Pipeline {
  AddedTokens raw_tokens;         ///< found in the text as it comes
  std::vector<TextStep> texts;    ///< on each stretch between them
  AddedTokens normalised_tokens;  ///< found after the text steps
  std::vector<PieceStep> pieces;  ///< on each stretch between those
  std::unique_ptr<TokenModel> model;
  SpecialIds specials;
  std::optional<int64_t> filler;  ///< Tokenizer::filler()
};

class PipelineTokenizer : public Tokenizer {
 public:
  explicit PipelineTokenizer(Pipeline stages);

  std::vector<int64_t> encode(std::string_view text, bool with_specials) const override;
  SpecialIds specials() const override { return stages_.specials; }
  std::optional<int64_t> filler() const override { return stages_.filler; }
  int64_t vocabulary_size() const override { return size_; }

 private:
  void encode_stretch(std::string_view stretch, bool is_first, std::vector<int64_t>& ids) const;
  void encode_part(std::string_view part, bool is_first, std::vector<int64_t>& ids) const;

  Pipeline stages_;
  int64_t size_;
};

}  // namespace emf
