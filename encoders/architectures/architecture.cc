// SPDX-License-Identifier: Apache-2.0
// What all architectures share: checked reading of config.json.
#include "encoders/architectures/architecture.h"

#include <map>

#include "harness/base/error.h"

namespace emf {

Activation activation_of(const CheckpointConfig& config, const std::string& name) {
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::kGeluTanh;
  if (name == "quick_gelu") return Activation::kQuickGelu;
  if (name == "relu") return Activation::kRelu;
  config.refuse("its activation is '" + name + "'");
}

TextProjection Architecture::projection(const CheckpointConfig& config, const TransformerConfig&,
                                        const WeightSource&) const {
  throw InternalError(config.origin() + ": no projection is built for this family");
}

namespace {

/// Models of pictures and text: the type of their text tower where its own table does not say it.
std::string usual_text_type(const std::string& type) {
  static const std::map<std::string, std::string> usual = {{"clip", "clip_text_model"},
                                                           {"siglip", "siglip_text_model"},
                                                           {"siglip2", "siglip2_text_model"},
                                                           {"gemma3", "gemma3_text"},
                                                           {"llava", "llama"},
                                                           {"llava_next", "llama"},
                                                           {"idefics3", "llama"},
                                                           {"smolvlm", "llama"},
                                                           {"mistral3", "mistral"},
                                                           {"internvl", "qwen2"},
                                                           {"qwen2_vl", "qwen2_vl_text"},
                                                           {"qwen2_5_vl", "qwen2_5_vl_text"},
                                                           {"qwen3_vl", "qwen3_vl_text"}};
  const auto found = usual.find(type);
  return found == usual.end() ? "" : found->second;
}

/// CLIP's older files hold a second table, of which transformers makes a whole config, defaults included, that
/// overrides the first.
CheckpointConfig with_text_config_dict(const CheckpointConfig& config) {
  Json values = config.has("text_config") ? config.table("text_config").values() : Json::object();
  for (const char* key : {"vocab_size", "hidden_size", "intermediate_size", "projection_dim", "num_hidden_layers",
                          "num_attention_heads", "max_position_embeddings", "hidden_act", "layer_norm_eps"}) {
    values.erase(key);
  }
  values.update(config.table("text_config_dict").values());
  return {values, config.origin() + ": text_config_dict"};
}

CheckpointConfig text_part(const CheckpointConfig& config, const std::string& type) {
  if (config.has("text_config_dict")) {
    if (type != "clip") config.refuse("it has a text_config_dict");
    return with_text_config_dict(config);
  }
  if (config.has("text_config")) return config.table("text_config");
  if (config.has("llm_config")) return config.table("llm_config");  // InternVL's own layout
  return config;  // older files of Qwen's models keep the text's keys outside
}

}  // namespace

CheckpointConfig open_clip_config(const Json& values, const std::string& origin) {
  const CheckpointConfig model = CheckpointConfig(values, origin).table("model_cfg");
  if (!model.has("text_cfg")) fail_input("{}: it has no model_cfg with a text_cfg", origin);
  Json text = model.table("text_cfg").values();
  text["model_type"] = "open_clip";
  text["quick_gelu"] = model.flag("quick_gelu", false);
  return {text, origin + ": text_cfg"};
}

ArchitectureChoice choose_architecture(const CheckpointConfig& config) {
  const auto& registry = ArchitectureRegistry::instance();
  const std::string outer = config.text("model_type", "");
  const bool whole = registry.contains(outer);
  const CheckpointConfig chosen = whole ? config : text_part(config, outer);
  std::string type = chosen.text("model_type", usual_text_type(outer));
  if (!registry.contains(type) && !usual_text_type(type).empty()) type = usual_text_type(type);
  if (!registry.contains(type)) {
    fail_input("{}: model_type '{}' is not built here{}", config.origin(), type, suggestion(type, registry.names()));
  }
  return {type, registry.make(type), chosen};
}

}  // namespace emf
