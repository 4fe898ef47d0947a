// SPDX-License-Identifier: Apache-2.0
// T5's encoder, from a folder that the user names: its weights are in no package registry.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_t5(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "t5",
      .family = "t5",
      .summary = "hidden states of T5's encoder",
      .model_types = {"t5"},
      .max_tokens = 512,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "t5", "T5's encoder (v1.0, v1.1, Flan), from a checkpoint of yours: t5:/path", make_t5,
             {.title = "T5"});

}  // namespace
}  // namespace emf
