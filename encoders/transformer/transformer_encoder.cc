// SPDX-License-Identifier: Apache-2.0
#include "encoders/transformer/transformer_encoder.h"

#include <ATen/core/grad_mode.h>

#include "encoders/trained_values.h"

namespace emf {

TextFeatures TransformerEncoder::forward(const TokenInputs& inputs) const {
  if (trainable_) return model().forward(inputs, layer_);
  const at::NoGradGuard frozen;
  return on_host(model().forward(inputs, layer_));
}

NamedParameters TransformerEncoder::parameters() const { return trainable_ ? model().parameters() : NamedParameters(); }

const Transformer& TransformerEncoder::model() const {
  if (model_) return *model_;
  std::unique_ptr<Transformer> model = load();
  model->move_to(placement_.device);
  if (!values_.empty()) load_trained_values(values_, model->parameters());
  if (trainable_) {
    for (auto& [name, tensor] : model->parameters()) tensor.requires_grad_(true);
  }
  model_ = std::move(model);
  return *model_;
}

}  // namespace emf
