// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/gguf_family.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

namespace emf {
namespace {

constexpr GgufFamily kFamilies[] = {
    {"llama", "llama", GgufNames::kDecoder, true},
    {"smollm3", "smollm3", GgufNames::kDecoder, true},
    {"qwen2", "qwen2", GgufNames::kDecoder, false},
    {"qwen2vl", "qwen2_5_vl_text", GgufNames::kDecoder, false},
    {"qwen3", "qwen3", GgufNames::kDecoder, false},
    {"qwen3vl", "qwen3_vl_text", GgufNames::kDecoder, false},
    {"gemma2", "gemma2", GgufNames::kGemma, false},
    {"gemma3", "gemma3_text", GgufNames::kGemma, false},
    {"gemma-embedding", "gemma3_text", GgufNames::kGemma, false},
    {"t5", "t5", GgufNames::kT5, false},
    {"t5encoder", "t5", GgufNames::kT5, false},
    {"bert", "bert", GgufNames::kBert, false},
};

using NameMap = std::map<std::string, std::string>;

/// Without ".weight" and ".bias"; # stands for the layer's number.   @source  gguf-py's tensor_mapping.py.
const NameMap& names_of(GgufNames names) {
  static const NameMap decoder = {{"embed_tokens", "token_embd"},
                                  {"norm", "output_norm"},
                                  {"layers.#.input_layernorm", "blk.#.attn_norm"},
                                  {"layers.#.self_attn.q_proj", "blk.#.attn_q"},
                                  {"layers.#.self_attn.k_proj", "blk.#.attn_k"},
                                  {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
                                  {"layers.#.self_attn.o_proj", "blk.#.attn_output"},
                                  {"layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
                                  {"layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
                                  {"layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
                                  {"layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
                                  {"layers.#.mlp.up_proj", "blk.#.ffn_up"},
                                  {"layers.#.mlp.down_proj", "blk.#.ffn_down"}};
  static const NameMap gemma = [] {
    NameMap map = decoder;
    map["layers.#.post_attention_layernorm"] = "blk.#.post_attention_norm";
    map["layers.#.pre_feedforward_layernorm"] = "blk.#.ffn_norm";
    map["layers.#.post_feedforward_layernorm"] = "blk.#.post_ffw_norm";
    return map;
  }();
  static const NameMap t5 = {{"shared", "token_embd"},
                             {"encoder.final_layer_norm", "enc.output_norm"},
                             {"encoder.block.#.layer.0.layer_norm", "enc.blk.#.attn_norm"},
                             {"encoder.block.#.layer.0.SelfAttention.q", "enc.blk.#.attn_q"},
                             {"encoder.block.#.layer.0.SelfAttention.k", "enc.blk.#.attn_k"},
                             {"encoder.block.#.layer.0.SelfAttention.v", "enc.blk.#.attn_v"},
                             {"encoder.block.#.layer.0.SelfAttention.o", "enc.blk.#.attn_o"},
                             {"encoder.block.#.layer.0.SelfAttention.relative_attention_bias", "enc.blk.#.attn_rel_b"},
                             {"encoder.block.#.layer.1.layer_norm", "enc.blk.#.ffn_norm"},
                             {"encoder.block.#.layer.1.DenseReluDense.wi", "enc.blk.#.ffn_up"},
                             {"encoder.block.#.layer.1.DenseReluDense.wi_0", "enc.blk.#.ffn_gate"},
                             {"encoder.block.#.layer.1.DenseReluDense.wi_1", "enc.blk.#.ffn_up"},
                             {"encoder.block.#.layer.1.DenseReluDense.wo", "enc.blk.#.ffn_down"}};
  static const NameMap bert = {{"embeddings.word_embeddings", "token_embd"},
                               {"embeddings.position_embeddings", "position_embd"},
                               {"embeddings.token_type_embeddings", "token_types"},
                               {"embeddings.LayerNorm", "token_embd_norm"},
                               {"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
                               {"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
                               {"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
                               {"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
                               {"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_output_norm"},
                               {"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
                               {"encoder.layer.#.output.dense", "blk.#.ffn_down"},
                               {"encoder.layer.#.output.LayerNorm", "blk.#.layer_output_norm"}};
  switch (names) {
    case GgufNames::kDecoder:
      return decoder;
    case GgufNames::kGemma:
      return gemma;
    case GgufNames::kT5:
      return t5;
    case GgufNames::kBert:
      break;
  }
  return bert;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

const GgufFamily* gguf_family(std::string_view name) {
  const auto found = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                  [&](const GgufFamily& family) { return family.name == name; });
  return found == std::end(kFamilies) ? nullptr : &*found;
}

std::vector<std::string> gguf_family_names() {
  std::vector<std::string> names;
  for (const GgufFamily& family : kFamilies) names.emplace_back(family.name);
  return names;
}

std::string gguf_name(const std::string& name, GgufNames names) {
  const size_t kind = name.rfind('.');
  if (kind == std::string::npos) return name;
  std::string key = name.substr(0, kind), layer;
  // The first number between dots is the layer's; T5 has others behind it.
  for (size_t begin = 0; begin < key.size();) {
    const size_t end = std::min(key.find('.', begin), key.size());
    if (is_number(std::string_view(key).substr(begin, end - begin))) {
      layer = key.substr(begin, end - begin);
      key.replace(begin, end - begin, "#");
      break;
    }
    begin = end + 1;
  }
  const auto found = names_of(names).find(key);
  if (found == names_of(names).end()) return name;
  std::string stored = found->second;
  if (const size_t place = stored.find('#'); place != std::string::npos) stored.replace(place, 1, layer);
  return stored + name.substr(kind);
}

}  // namespace emf
