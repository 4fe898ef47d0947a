// SPDX-License-Identifier: Apache-2.0
// Small decoder trained to predict the next token of captions, as language models are.
#include "encoders/small/small_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_llm_small(const Options& options, const EncoderContext& context) {
  const SmallFamily family{
      .name = "llm_small",
      .summary = "a small transformer trained to go on with captions",
      .pretraining = "next_token",
      .source = "GPT (Radford et al. 2018), in small",
      .causal = true,
  };
  return make_small(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "llm_small",
             "Small decoder trained to predict the next token of captions, as language models are", make_llm_small,
             {.title = "Small language model"});

}  // namespace
}  // namespace emf
