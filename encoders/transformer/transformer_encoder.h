// SPDX-License-Identifier: Apache-2.0
// What encoders that run the shared transformer have in common, wherever its weights come from.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "encoders/transformer/transformer.h"
#include "harness/api/encoder.h"

namespace emf {

class TransformerEncoder : public Encoder {
 public:
  TextFeatures forward(const TokenInputs& inputs) const override;
  double forward_flops(const TokenInputs& inputs) const override { return model().forward_flops(inputs); }
  /// None unless trainable.
  NamedParameters parameters() const override;

 protected:
  /// The model with its first values; asked for once, on first use.
  virtual std::unique_ptr<Transformer> load() const = 0;

  int64_t layer_ = Transformer::kFinal;
  bool trainable_ = false;
  std::string values_;  ///< file of trained values that replace the first ones; "" = none
  Placement placement_;

 private:
  const Transformer& model() const;

  mutable std::unique_ptr<const Transformer> model_;
};

}  // namespace emf
