// SPDX-License-Identifier: Apache-2.0
// Control: every word becomes a fixed random vector, so words can be told apart but similar words are not similar.
#include <ATen/ATen.h>
#include <utf8proc.h>

#include "harness/api/encoder.h"
#include "harness/base/random.h"
#include "harness/base/utf8.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

bool belongs_to_word(int32_t code_point) {
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

/// Lower-cased runs of letters, marks and digits; a text without any has one word, "".
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const int32_t point : code_points(text)) {
    if (belongs_to_word(point)) {
      append_utf8(word, utf8proc_tolower(point));
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty() || words.empty()) words.push_back(std::move(word));
  return words;
}

class HashEncoder : public Encoder {
 public:
  HashEncoder(const Options& options, const EncoderContext& context) : seed_(context.seed) {
    ConfigReader reader(options);
    dimension_ = reader.integer("dimension", 128, 1, 65536, "entries of a token's vector");
    max_tokens_ = reader.integer("max_tokens", 48, 1, 1 << 20, "words of a text at most [tokens]");
    reader.finish();
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "hash";
    info.family = "control";
    info.summary = "a fixed random vector for each lower-cased word";
    info.dimension = dimension_;
    info.max_tokens = max_tokens_;
    return info;
  }

  Json fingerprint() const override {
    return {
        {"encoder", "hash"}, {"version", 1}, {"dimension", dimension_}, {"max_tokens", max_tokens_}, {"seed", seed_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    return padded_inputs(tokenize(prompts, true), max_tokens_);
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool) const override {
    require_utf8(prompts);
    std::vector<std::vector<int64_t>> rows(prompts.size());
    for (size_t i = 0; i < prompts.size(); ++i) {
      for (const std::string& word : words_of(prompts[i].text)) {
        rows[i].push_back(static_cast<int64_t>(stream_key(word)));
      }
    }
    return rows;
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    // Captions repeat few words: each distinct one is drawn once a batch.
    const auto [unique, place] = at::_unique(inputs.ids.masked_select(inputs.mask), true, true);
    const int64_t* first = unique.data_ptr<int64_t>();
    const std::vector<uint64_t> keys(first, first + unique.numel());
    const at::Tensor vectors = normal_rows(seed_, "encoder/hash", keys, {dimension_});
    const at::Tensor tokens = at::zeros({inputs.ids.size(0), inputs.ids.size(1), dimension_}, at::kFloat);
    tokens.index_put_({inputs.mask}, vectors.index_select(0, place));
    return {tokens, inputs.mask};
  }

 private:
  uint64_t seed_;
  int64_t dimension_, max_tokens_;
};

std::unique_ptr<Encoder> make_hash(const Options& options, const EncoderContext& context) {
  return std::make_unique<HashEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "hash", "Control: a fixed random vector for each word, no training", make_hash,
             {.title = "Hashed words"});

}  // namespace
}  // namespace emf
