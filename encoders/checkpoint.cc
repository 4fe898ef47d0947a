// SPDX-License-Identifier: Apache-2.0
// Whatever a checkpoint's own config says: what a bare path on a command line or in a suite stands for.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_checkpoint(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "checkpoint",
      .family = "any",
      .summary = "hidden states of any checkpoint that is built here",
      .max_tokens = 2048,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "checkpoint", "Any checkpoint of yours, by its own config: /path/to/folder or file.gguf",
             make_checkpoint);

}  // namespace
}  // namespace emf
