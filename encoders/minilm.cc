// SPDX-License-Identifier: Apache-2.0
// A sentence encoder: all-MiniLM-L6-v2, or any BERT checkpoint.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_minilm(const Options& options, const EncoderContext& context) {
  const PretrainedFamily family{
      .name = "minilm",
      .family = "bert",
      .summary = "token features of a sentence encoder",
      .model_types = {"bert"},
      .max_tokens = 256,  // what it was trained on; its positions reach 512
      .package_file = "all-minilm-l6-v2",
      .source = "all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020)",
      .num_parameters = 22'565'376,  // without the pooler, which is not used
      .dimension = 384,
      .context = 512,
  };
  return make_pretrained(family, options, context);
}

EMF_REGISTER(EncoderRegistry, "minilm", "Sentence encoder: all-MiniLM-L6-v2, token features", make_minilm,
             {.title = "Sentence encoder"});

}  // namespace
}  // namespace emf
