// SPDX-License-Identifier: Apache-2.0
// What encoders around another one have in common: all that they do not change is the inner one's. An info() of a
// wrapper starts from the inner encoder's, so that it reads what that one reads and trains where that one does.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// Makes the encoder inside a wrapper, on the wrapper's own seed and placement.
/// @param options  a table of the wrapper's, or null.   @param place  where it stands, for messages.
inline std::unique_ptr<Encoder> make_inner(const std::string& spec, const Json& options, const std::string& place,
                                           const EncoderContext& context) {
  return make_encoder(spec, Options(options, fmt::format("{}, encoder '{}'", place, spec)), context);
}

class EncoderWrapper : public Encoder {
 public:
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override { return inner().prepare(prompts); }
  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    return inner().tokenize(prompts, with_specials);
  }
  TextFeatures forward(const TokenInputs& inputs) const override { return inner().forward(inputs); }
  double forward_flops(const TokenInputs& inputs) const override { return inner().forward_flops(inputs); }
  std::vector<std::string> own_poolings() const override { return inner().own_poolings(); }
  OwnPooling own_pooling(const std::string& name) const override { return inner().own_pooling(name); }
  NamedParameters parameters() const override { return inner().parameters(); }

 protected:
  virtual const Encoder& inner() const = 0;
};

}  // namespace emf
