// SPDX-License-Identifier: Apache-2.0
// CLIP's text tower, from a folder that the user names: its weights are in no package registry.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_clip(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "clip",
      .family = "clip",
      .summary = "token features of CLIP's text tower after its final norm",
      .model_types = {"clip_text_model"},
      .max_tokens = 248,  // LongCLIP's; the usual ones have 77 positions
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "clip", "CLIP's text tower, from a checkpoint of yours: clip:/path", make_clip,
             {.title = "CLIP text tower"});

}  // namespace
}  // namespace emf
