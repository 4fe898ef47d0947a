// SPDX-License-Identifier: Apache-2.0
// Small encoder trained to fill gaps in captions, as T5 was.
#include "encoders/small/small_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_t5_small(const Options& options, const EncoderContext& context) {
  const SmallFamily family{
      .name = "t5_small",
      .summary = "a small transformer trained to fill gaps in captions",
      .pretraining = "span_corruption",
      .source = "T5 (Raffel et al. 2020), in small",
  };
  return make_small(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "t5_small", "Small encoder trained to fill gaps in captions, as T5 was", make_t5_small,
             {.title = "Small T5"});

}  // namespace
}  // namespace emf
