// SPDX-License-Identifier: Apache-2.0
// Small encoder trained on captions against their pictures, as CLIP was.
#include "encoders/small/small_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_clip_small(const Options& options, const EncoderContext& context) {
  const SmallFamily family{
      .name = "clip_small",
      .summary = "a small transformer trained to tell which picture a caption is of",
      .pretraining = "picture_contrastive",
      .source = "CLIP (Radford et al. 2021), in small",
  };
  return make_small(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "clip_small", "Small encoder trained on captions against their pictures, as CLIP was",
             make_clip_small, {.title = "Small CLIP"});

}  // namespace
}  // namespace emf
