// SPDX-License-Identifier: Apache-2.0
// A language model's pretraining: each token tells the next one.
#include "encoders/pretraining/leaves.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace emf {
namespace {

class NextToken : public Pretraining {
 public:
  NextToken(const Options& options, const PretrainingContext& context) : leaves_("next_token", context) {
    ConfigReader(options).finish();
    head_ = leaves_.matrix("head", {context.encoder.vocabulary, context.encoder.dimension});
  }

  Json fingerprint() const override { return {{"pretraining", "next_token"}, {"version", 1}}; }
  NamedParameters parameters() const override { return leaves_.all(); }

  LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const override {
    const TokenInputs inputs = encoder.prepare(batch.captions);
    const int64_t length = inputs.ids.size(1);
    ensure(length > 1, "captions of {} token", length);
    const TextFeatures features = encoder.forward(inputs);
    // Rows are padded on the right, so a token has a next one where the mask goes on.
    const at::Tensor goes_on = inputs.mask.narrow(1, 1, length - 1);
    // Places are counted in the host's memory, where the mask lies, and not where the features are.
    const at::Tensor places = to_device(goes_on.flatten().nonzero().squeeze(1), features.tokens.device());
    const at::Tensor states =
        features.tokens.narrow(1, 0, length - 1).reshape({-1, head_.size(1)}).index_select(0, places);
    return choose_among(at::matmul(states, head_.t()), inputs.ids.narrow(1, 1, length - 1).masked_select(goes_on));
  }

 private:
  Leaves leaves_;
  at::Tensor head_;  ///< [V,D]
};

std::unique_ptr<Pretraining> make_next_token(const Options& options, const PretrainingContext& context) {
  return std::make_unique<NextToken>(options, context);
}

EMF_REGISTER(PretrainingRegistry, "next_token", "Each token of a caption tells the next (causal language model)",
             make_next_token, {.title = "go on with captions"});

}  // namespace
}  // namespace emf
