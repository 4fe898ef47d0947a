// SPDX-License-Identifier: Apache-2.0
// A language model's hidden states: SmolLM2-135M-Instruct, or any decoder checkpoint.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_llm(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "llm",
      .family = "llama",
      .summary = "hidden states of a language model after its final norm",
      .model_types = {"llama", "qwen2", "qwen3", "gemma2", "gemma3_text"},
      .package_file = "smollm2-135m-instruct-q4_1",
      .source = "SmolLM2-135M-Instruct, Q4_1 (Allal et al. 2025)",
      .num_parameters = 134'515'008,
      .dimension = 576,
      .context = 8192,
      .empty_text_id = 0,  // <|endoftext|>, which stood between texts in training
      .marks_are_text = true,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "llm", "Language model: SmolLM2-135M-Instruct, hidden states after the final norm",
             make_llm, {.title = "Language model"});

}  // namespace
}  // namespace emf
