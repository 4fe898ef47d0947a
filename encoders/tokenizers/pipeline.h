// A tokenizer as a row of stages: added tokens, normalisers, cutters, model. Every family is one such row.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/tokenizers/added_tokens.h"
#include "encoders/tokenizers/tokenizer.h"

namespace emf {

/// Rewrites a stretch of text.   @param is_first  it begins the whole text.
using TextStep = std::function<void(std::string& text, bool is_first)>;

/// Cuts a piece into smaller ones (views into it), appended to pieces; what it leaves out is gone.
using CutStep = std::function<void(std::string_view piece, std::vector<std::string_view>& pieces)>;

/// The trained part: pieces of normalised text to ids. Safe to call from any thread.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const = 0;
  virtual int64_t vocabulary_size() const = 0;
};

struct Pipeline {
  AddedTokens raw_tokens;         ///< found in the text as it comes
  std::vector<TextStep> texts;    ///< on each stretch between them
  AddedTokens normalised_tokens;  ///< found after the text steps
  std::vector<CutStep> cuts;
  std::unique_ptr<TokenModel> model;
  SpecialIds specials;
};

class PipelineTokenizer : public Tokenizer {
 public:
  explicit PipelineTokenizer(Pipeline stages);

  std::vector<int64_t> encode(std::string_view text, bool with_specials) const override;
  SpecialIds specials() const override { return stages_.specials; }
  int64_t vocabulary_size() const override { return size_; }

 private:
  void encode_stretch(std::string_view stretch, bool is_first, std::vector<int64_t>& ids) const;

  Pipeline stages_;
  int64_t size_;
};

}  // namespace emf
