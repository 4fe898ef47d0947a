// SPDX-License-Identifier: Apache-2.0
// What a model's class makes of one token's final hidden state: CLIP's projection, SigLIP's head, BERT's pooler.
#pragma once

#include "harness/api/encoder.h"
#include "harness/weights/weight_loader.h"

namespace emf {

struct TextProjection {
  enum class Token { kFirst, kLast, kMark };
  LinearWeights linear;  ///< float32: [P, hidden], [P]
  bool has_tanh = false;
  Token token = Token::kMark;
  int64_t mark = -1;  ///< kMark: the first place of this id, or of the row's greatest id where it is -1

  /// @param features  after the final norm.   @return  [B,P] float32.
  at::Tensor operator()(const TokenInputs& inputs, const TextFeatures& features) const;
};

/// A projection under a name, "text_projection" for its weight and bias.
/// @param has_bias  whether there must be one.
LinearWeights read_projection(const WeightSource& source, const std::string& name, int64_t hidden, bool has_bias);

/// How a family's prompts are filled up before the model sees them, where it attends to what they are filled with.
struct ContextFill {
  int64_t id = -1;  ///< -1: the tokenizer's own padding mark
};

}  // namespace emf
