// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/pooled_encoder.h"

#include <ATen/ATen.h>

namespace emf {

TextFeatures PooledEncoder::forward(const TokenInputs& inputs) const {
  const at::Tensor vectors = pooling_(inputs, on_host(encoder_->forward(inputs)));
  return {vectors.unsqueeze(1), at::ones({vectors.size(0), 1}, at::kBool)};
}

}  // namespace emf
