// SPDX-License-Identifier: Apache-2.0
// Qwen's language models, from a folder or .gguf that the user names.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_qwen(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "qwen",
      .family = "qwen",
      .summary = "hidden states of a language model after its final norm",
      .model_types = {"qwen2", "qwen3"},
      .max_tokens = 2048,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "qwen", "Language model: Qwen 2, 2.5 or 3, from a checkpoint of yours: qwen:/path",
             make_qwen);

}  // namespace
}  // namespace emf
