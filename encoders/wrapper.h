// What encoders around another one have in common: all that they do not change is the inner one's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

class EncoderWrapper : public Encoder {
 public:
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override { return inner().prepare(prompts); }
  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    return inner().tokenize(prompts, with_specials);
  }
  TextFeatures forward(const TokenInputs& inputs) const override { return inner().forward(inputs); }
  double forward_flops(const TokenInputs& inputs) const override { return inner().forward_flops(inputs); }
  std::vector<std::pair<std::string, at::Tensor>> parameters() const override { return inner().parameters(); }

 protected:
  virtual const Encoder& inner() const = 0;
};

}  // namespace emf
