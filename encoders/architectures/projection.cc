// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/projection.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace emf {

at::Tensor TextProjection::operator()(const TokenInputs& inputs, const TextFeatures& features) const {
  const at::Tensor mask = features.mask;
  at::Tensor place;
  if (token == Token::kFirst) {
    place = mask.to(at::kLong).argmax(1);
  } else if (token == Token::kLast) {
    place = mask.mul(at::arange(1, mask.size(1) + 1, at::kLong)).argmax(1);
  } else {
    // Padding takes no part: what a batch is padded with is nobody's choice.
    const at::Tensor ids = at::where(mask, inputs.ids, at::full({}, -1, at::kLong));
    const at::Tensor found = mark >= 0 ? ids == mark : ids == ids.amax(1, true);
    // A row without the mark is read at its first place, as transformers reads it.
    place = found.to(at::kLong).argmax(1);
  }
  const at::Tensor tokens = features.tokens.to(at::kFloat);
  const at::Tensor token_states = tokens.gather(1, place.view({-1, 1, 1}).expand({-1, 1, tokens.size(2)})).squeeze(1);
  const at::Tensor vectors = at::linear(token_states, linear.weight, linear.bias);
  return has_tanh ? vectors.tanh() : vectors;
}

LinearWeights read_projection(const WeightSource& source, const std::string& name, int64_t hidden, bool has_bias) {
  const std::vector<int64_t> shape = source.shape(name + ".weight");
  if (shape.size() != 2 || shape[1] != hidden) {
    fail_input("{}: tensor '{}.weight' is no matrix of {} columns", source.origin(), name, hidden);
  }
  LinearWeights linear{at::empty(shape, at::kFloat), {}};
  source.read(name + ".weight", shape, linear.weight.data_ptr<float>());
  if (!has_bias) return linear;
  linear.bias = at::empty({shape[0]}, at::kFloat);
  source.read(name + ".bias", {shape[0]}, linear.bias.data_ptr<float>());
  return linear;
}

}  // namespace emf
