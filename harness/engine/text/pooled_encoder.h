// SPDX-License-Identifier: Apache-2.0
// An encoder whose one token a text is its own pooling, so that the feature cache keeps that vector like any other.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/pooling.h"

namespace emf {

class PooledEncoder : public Encoder {
 public:
  /// @param pooling  of the encoder's own.   @throws UserError  as EncoderPooling.
  PooledEncoder(std::shared_ptr<const Encoder> encoder, const std::string& pooling)
      : encoder_(std::move(encoder)), pooling_(*encoder_, pooling) {}

  /// The dimension is that of tokens: a projection's is known once it has been made.
  EncoderInfo info() const override { return encoder_->info(); }
  Json fingerprint() const override {
    return {{"encoder", "pooled"},
            {"version", 1},
            {"of", encoder_->fingerprint()},
            {"pooling", pooling_.name()},
            {"identity", pooling_.identity()}};
  }
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override { return encoder_->prepare(prompts); }
  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    return encoder_->tokenize(prompts, with_specials);
  }
  /// One token a text.
  TextFeatures forward(const TokenInputs& inputs) const override;

 private:
  std::shared_ptr<const Encoder> encoder_;
  EncoderPooling pooling_;
};

}  // namespace emf
