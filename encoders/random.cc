// SPDX-License-Identifier: Apache-2.0
// Control: fixed noise for each whole text, so that texts can be told apart but share no parts to compose.
#include "harness/api/encoder.h"
#include "harness/base/hash.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

// A SHA-256 holds four 64-bit ids: the tokens together are the whole text's hash, and nothing else of it is kept.
constexpr int64_t kTokens = 4;
constexpr size_t kHexDigits = 16;

class RandomEncoder : public Encoder {
 public:
  RandomEncoder(const Options& options, const EncoderContext& context) : seed_(context.seed) {
    ConfigReader reader(options);
    dimension_ = reader.integer("dimension", 128, 1, 65536, "entries of a token's vector");
    reader.finish();
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "random";
    info.family = "control";
    info.summary = "fixed noise for each whole text";
    info.dimension = dimension_;
    info.max_tokens = kTokens;
    return info;
  }

  Json fingerprint() const override {
    return {{"encoder", "random"}, {"version", 1}, {"dimension", dimension_}, {"seed", seed_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    require_utf8(prompts);
    std::vector<std::vector<int64_t>> rows(prompts.size());
    for (size_t i = 0; i < prompts.size(); ++i) {
      const std::string digest = sha256_hex(prompts[i].text);
      for (size_t at = 0; at < digest.size(); at += kHexDigits) {
        rows[i].push_back(static_cast<int64_t>(std::stoull(digest.substr(at, kHexDigits), nullptr, 16)));
      }
    }
    return padded_inputs(rows, kTokens);
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::Tensor ids = inputs.ids.contiguous();
    const int64_t* first = ids.data_ptr<int64_t>();
    const std::vector<uint64_t> keys(first, first + ids.numel());
    const at::Tensor noise = normal_rows(seed_, "encoder/random", keys, {dimension_});
    const at::Tensor tokens = noise.view({ids.size(0), ids.size(1), dimension_});
    return {tokens.masked_fill_(inputs.mask.logical_not().unsqueeze(-1), 0), inputs.mask};
  }

 private:
  uint64_t seed_;
  int64_t dimension_;
};

std::unique_ptr<Encoder> make_random(const Options& options, const EncoderContext& context) {
  return std::make_unique<RandomEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "random", "Control: fixed noise for each whole text, no shared parts", make_random,
             {.title = "Random text vectors"});

}  // namespace
}  // namespace emf
