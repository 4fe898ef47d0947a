// A sentence encoder: all-MiniLM-L6-v2, or any BERT checkpoint.
#include "encoders/pretrained/pretrained_encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> make_minilm(const Json& options, uint64_t) {
  PretrainedFamily family;
  family.name = "minilm";
  family.family = "bert";
  family.summary = "token features of a sentence encoder";
  family.model_types = {"bert"};
  family.max_tokens = 256;  // what it was trained on; its positions reach 512
  family.package_file = "all-minilm-l6-v2";
  family.source = "all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020)";
  family.num_parameters = 22'565'376;  // without the pooler, which is not used
  family.dimension = 384;
  family.context = 512;
  return make_pretrained(family, options);
}

EMF_REGISTER(EncoderRegistry, "minilm", "Sentence encoder: all-MiniLM-L6-v2, token features", make_minilm);

}  // namespace
}  // namespace emf
