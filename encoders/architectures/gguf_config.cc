// SPDX-License-Identifier: Apache-2.0
// GGUF's metadata under config.json's keys, and what of it nobody read.
#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "encoders/architectures/gguf_checkpoint.h"
#include "encoders/architectures/gguf_family.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

/// An architecture's own keys ("qwen3.block_count"), which all are asked for or known to be harmless.
class Metadata {
 public:
  Metadata(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  const GgufFile& file() const { return file_; }
  bool has(const char* name) const { return file_.has(key(name)); }
  int64_t integer(const char* name) const { return file_.integer(key(name)); }
  double number(const char* name) const { return file_.number(key(name)); }
  bool flag(const char* name) const { return file_.flag(key(name)); }
  std::string text(const char* name) const { return std::string(file_.text(key(name))); }

  /// Puts an integer under config.json's key, where the file has it.
  void copy_integer(const char* name, Json& config, const char* to) const {
    if (has(name)) config[to] = integer(name);
  }
  void copy_number(const char* name, Json& config, const char* to) const {
    if (has(name)) config[to] = number(name);
  }

  [[noreturn]] void refuse(const std::string& what) const {
    fail_input("{}: {}, which is not built here", file_.path().string(), what);
  }

  /// @throws UserError  a key that nobody asked for.
  void refuse_unread() const {
    // Of heads, pooling and other parts, or said again elsewhere.
    static const std::set<std::string> harmless = {
        "vocab_size",          "final_logit_softcapping", "pooling_type",       "decoder_start_token_id",
        "decoder_block_count", "rope.dimension_sections", "n_deepstack_layers", "dense_2_feat_in",
        "dense_2_feat_out",    "dense_3_feat_in",         "dense_3_feat_out",   "rope.scaling.finetuned"};
    for (const std::string& full : file_.keys()) {
      if (!full.starts_with(prefix_ + ".") || read_.count(full) > 0) continue;
      const std::string name = full.substr(prefix_.size() + 1);
      if (harmless.count(name) > 0) continue;
      fail_input("{}: the key '{}' is not known here and may change what the text becomes", file_.path().string(),
                 full);
    }
  }

 private:
  std::string key(const char* name) const {
    std::string key = prefix_ + "." + name;
    read_.insert(key);
    return key;
  }

  const GgufFile& file_;
  std::string prefix_;
  mutable std::set<std::string> read_;
};

std::vector<float> values_of(const GgufParts& parts, const std::string& name) {
  const GgufTensor& found = parts.tensor(name);
  std::vector<float> values(static_cast<size_t>(found.num_rows * found.row_size));
  dequantise_rows(parts.tensor(name, found.shape), 0, found.num_rows, values.data());
  return values;
}

/// rope.scaling.* and the tensors of frequency factors, as rope_scaling has them.
Json rope_scaling(const Metadata& metadata, const GgufParts& parts) {
  // llama.cpp takes a factor without a type for linear.
  const std::string type = metadata.has("rope.scaling.type") ? metadata.text("rope.scaling.type") : "linear";
  double factor = 0;
  if (metadata.has("rope.scaling.factor")) {
    factor = metadata.number("rope.scaling.factor");
  } else if (metadata.has("rope.scale_linear")) {
    factor = metadata.number("rope.scale_linear");
  }
  Json scaling = Json::object();
  if (metadata.has("rope.scaling.original_context_length")) {
    scaling["original_max_position_embeddings"] = metadata.integer("rope.scaling.original_context_length");
  }
  const bool has_factors = parts.has_tensor("rope_freqs.weight");
  const double sharpening = metadata.has("rope.scaling.attn_factor") ? metadata.number("rope.scaling.attn_factor") : 1;
  if (parts.has_tensor("rope_factors_short.weight")) {
    scaling["rope_type"] = "longrope";
    scaling["short_factor"] = values_of(parts, "rope_factors_short.weight");
    scaling["attention_factor"] = sharpening;
    return scaling;
  }
  if (sharpening != 1) metadata.refuse("its rope.scaling.attn_factor is not 1");
  const bool scales = factor != 0 && factor != 1 && type != "none";
  if (has_factors && scales) metadata.refuse("it scales its rotary positions twice");
  if (has_factors) {
    scaling["rope_type"] = "factors";
    scaling["factors"] = values_of(parts, "rope_freqs.weight");
    return scaling;
  }
  if (!scales) return Json::object();
  if (type != "linear" && type != "yarn") metadata.refuse("its rope.scaling.type is '" + type + "'");
  scaling["rope_type"] = type;
  scaling["factor"] = factor;
  if (type == "linear") scaling.erase("original_max_position_embeddings");
  if (type == "yarn") {
    metadata.copy_number("rope.scaling.yarn_beta_fast", scaling, "beta_fast");
    metadata.copy_number("rope.scaling.yarn_beta_slow", scaling, "beta_slow");
  }
  return scaling;
}

void add_attention(const Metadata& metadata, Json& config) {
  const int64_t hidden = metadata.integer("embedding_length"), heads = metadata.integer("attention.head_count");
  config["hidden_size"] = hidden;
  config["num_attention_heads"] = heads;
  config["num_key_value_heads"] =
      metadata.has("attention.head_count_kv") ? metadata.integer("attention.head_count_kv") : heads;
  int64_t size = hidden / std::max<int64_t>(1, heads);
  if (metadata.has("rope.dimension_count")) size = metadata.integer("rope.dimension_count");
  const int64_t turned = size;
  if (metadata.has("attention.key_length")) size = metadata.integer("attention.key_length");
  if (metadata.has("attention.value_length") && metadata.integer("attention.value_length") != size) {
    metadata.refuse("its values have another size than its keys");
  }
  if (metadata.has("rope.dimension_count") && turned != size) metadata.refuse("only a part of each head turns");
  config["head_dim"] = size;
}

Json decoder_config(const Metadata& metadata, const GgufFamily& family, const GgufParts& parts) {
  Json config = {{"num_hidden_layers", metadata.integer("block_count")},
                 {"intermediate_size", metadata.integer("feed_forward_length")},
                 {"max_position_embeddings", metadata.integer("context_length")},
                 {"rms_norm_eps", metadata.number("attention.layer_norm_rms_epsilon")}};
  add_attention(metadata, config);
  metadata.copy_number("rope.freq_base", config, "rope_theta");
  if (Json scaling = rope_scaling(metadata, parts); !scaling.empty()) config["rope_scaling"] = scaling;
  if (parts.has_tensor("blk.0.attn_q.bias") && family.names == GgufNames::kDecoder) {
    config["has_query_key_value_bias"] = true;
  }
  if (parts.has_tensor("blk.0.attn_output.bias")) config["has_attention_out_bias"] = true;
  if (parts.has_tensor("blk.0.ffn_up.bias")) config["has_mlp_bias"] = true;
  if (metadata.has("attention.causal") && !metadata.flag("attention.causal")) config["is_causal"] = false;
  if (metadata.has("attention.scale")) metadata.refuse("it has an attention.scale");
  if (metadata.has("expert_count") && metadata.integer("expert_count") != 0) metadata.refuse("it has experts");
  if (family.names != GgufNames::kGemma) return config;
  config["norm_weights_are_whole"] = true;
  // llama.cpp gives each size of Gemma its scale; all but the 27 B ones divide by the head's size.
  const int64_t heads = config.at("num_attention_heads"), hidden = config.at("hidden_size");
  const bool per_width = (heads == 32 && hidden == 4608) || (heads == 32 && hidden == 5376);
  config["query_pre_attn_scalar"] = per_width ? hidden / heads : config["head_dim"].get<int64_t>();
  metadata.copy_integer("attention.sliding_window", config, "sliding_window");
  metadata.copy_integer("attention.sliding_window_pattern", config, "sliding_window_pattern");
  metadata.copy_number("attn_logit_softcapping", config, "attn_logit_softcapping");
  metadata.copy_number("rope.freq_base_swa", config, "rope_local_base_freq");
  if (family.name == "gemma-embedding") {
    config["use_bidirectional_attention"] = true;
    config.erase("is_causal");
  }
  return config;
}

Json t5_config(const Metadata& metadata, const GgufParts& parts) {
  Json config = {{"num_layers", metadata.integer("block_count")},
                 {"d_model", metadata.integer("embedding_length")},
                 {"d_ff", metadata.integer("feed_forward_length")},
                 {"num_heads", metadata.integer("attention.head_count")},
                 {"d_kv", metadata.integer("attention.key_length")},
                 {"layer_norm_epsilon", metadata.number("attention.layer_norm_rms_epsilon")},
                 {"relative_attention_num_buckets", metadata.integer("attention.relative_buckets_count")}};
  // What is gated is so by the tanh GELU in every T5 there is; what is not takes the ReLU of the first.
  config["feed_forward_proj"] = parts.has_tensor("enc.blk.0.ffn_gate.weight") ? "gated-gelu" : "relu";
  metadata.has("context_length");
  metadata.has("attention.layer_norm_epsilon");  // the same number once more
  metadata.has("attention.value_length");        // checked by the tensors' shapes
  return config;
}

Json bert_config(const Metadata& metadata, const GgufParts& parts) {
  if (metadata.has("attention.causal") && metadata.flag("attention.causal")) metadata.refuse("its attention is causal");
  metadata.has("context_length");
  return {{"num_hidden_layers", metadata.integer("block_count")},
          {"hidden_size", metadata.integer("embedding_length")},
          {"intermediate_size", metadata.integer("feed_forward_length")},
          {"num_attention_heads", metadata.integer("attention.head_count")},
          {"layer_norm_eps", metadata.number("attention.layer_norm_epsilon")},
          // The converter takes the rows off that RoBERTa leaves unused.
          {"max_position_embeddings", parts.tensor("position_embd.weight").shape.at(0)},
          {"type_vocab_size", parts.tensor("token_types.weight").shape.at(0)}};
}

}  // namespace

const GgufFamily& family_of(const GgufFile& file) {
  const std::string_view name = file.text("general.architecture");
  if (const GgufFamily* family = gguf_family(name)) return *family;
  fail_input("{}: its architecture {} is not read from GGUF; known: {}", file.path().string(),
             Json(std::string(name.substr(0, 60))).dump(-1, ' ', true, Json::error_handler_t::replace),
             fmt::join(gguf_family_names(), ", "));
}

Json gguf_config(const GgufParts& parts) {
  const GgufFile& file = parts.first();
  const GgufFamily& family = family_of(file);
  const Metadata metadata(file, std::string(file.text("general.architecture")));
  Json config;
  switch (family.names) {
    case GgufNames::kDecoder:
    case GgufNames::kGemma:
      config = decoder_config(metadata, family, parts);
      break;
    case GgufNames::kT5:
      config = t5_config(metadata, parts);
      break;
    case GgufNames::kBert:
      config = bert_config(metadata, parts);
      break;
  }
  config["model_type"] = family.model_type;
  // Vocabularies are padded now and then: what counts is the table.
  config["vocab_size"] = parts.tensor("token_embd.weight").shape.at(0);
  metadata.refuse_unread();
  return config;
}

}  // namespace emf
