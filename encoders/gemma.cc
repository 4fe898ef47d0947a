// SPDX-License-Identifier: Apache-2.0
// Gemma 3 270M, under Google's Gemma terms: fetched only on request; or any Gemma 2 or 3 checkpoint.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_gemma(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "gemma",
      .family = "gemma3",
      .summary = "hidden states of a language model after its final norm",
      .model_types = {"gemma2", "gemma3_text"},
      .package_file = "gemma-3-270m-q4_k_m",
      .source = "Gemma 3 270M, Q4_K_M (Gemma Team 2025)",
      .num_parameters = 268'098'176,
      .dimension = 640,
      .context = 32768,
      .marks_are_text = true,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "gemma", "Language model: Gemma 3 270M (only after its terms are accepted)", make_gemma);

}  // namespace
}  // namespace emf
