// SPDX-License-Identifier: Apache-2.0
// Small encoder trained on captions against their paraphrases, as sentence encoders are.
#include "encoders/small/small_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_sentence_small(const Options& options, const EncoderContext& context) {
  const SmallFamily family{
      .name = "sentence_small",
      .summary = "a small transformer trained to know a caption by another wording of it",
      .pretraining = "paraphrase_contrastive",
      .source = "Sentence-BERT (Reimers and Gurevych 2019), in small",
  };
  return make_small(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "sentence_small",
             "Small encoder trained on captions against their paraphrases, as sentence encoders are",
             make_sentence_small, {.title = "Small sentence encoder"});

}  // namespace
}  // namespace emf
