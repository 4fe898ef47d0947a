// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/decoder.h"

#include <algorithm>
#include <cmath>

#include "encoders/architectures/rotary.h"
#include "harness/base/error.h"

namespace emf {

TransformerConfig Decoder::config(const CheckpointConfig& file) const {
  TransformerConfig config;
  config.num_layers = file.size("num_hidden_layers", traits_.layers);
  config.hidden = file.size("hidden_size", traits_.hidden);
  config.mlp = file.size("intermediate_size", traits_.mlp);
  config.num_heads = file.size("num_attention_heads", traits_.heads);
  // A null stands for as many as heads in every class, an absent key for the class's own number.
  const bool null_kv_heads = file.values().contains("num_key_value_heads") && !file.has("num_key_value_heads");
  config.num_kv_heads =
      file.size("num_key_value_heads", traits_.kv_heads == 0 || null_kv_heads ? config.num_heads : traits_.kv_heads);
  const bool null_head_size = file.values().contains("head_dim") && !file.has("head_dim");
  config.head_size = file.size("head_dim", traits_.head_size == 0 || null_head_size
                                               ? std::max<int64_t>(1, config.hidden / config.num_heads)
                                               : traits_.head_size);
  config.vocabulary = file.size("vocab_size", traits_.vocabulary);
  config.context = file.size("max_position_embeddings", traits_.context);
  config.norm_epsilon = file.number("rms_norm_eps", traits_.epsilon);
  if (traits_.gemma) {
    config.activation = activation_of(file, file.text("hidden_activation", "gelu_pytorch_tanh"));
    file.has("hidden_act");  // files of Gemma name both; the other one holds
  } else {
    config.activation = activation_of(file, file.text("hidden_act", "silu"));
  }
  if (config.head_size % 2 != 0 || config.num_heads % config.num_kv_heads != 0 || !(config.norm_epsilon > 0)) {
    fail_input("{}: impossible attention: {} heads of {}, {} key-value heads, epsilon {}", file.origin(),
               config.num_heads, config.head_size, config.num_kv_heads, config.norm_epsilon);
  }
  // Embedding models made of decoders say so: every token sees every other.
  config.causal = file.flag("is_causal", true);
  if (traits_.gemma) {
    config.norm_place = NormPlace::kBoth;
    config.embedding_scale = std::sqrt(static_cast<double>(config.hidden));
    const double scalar = file.number("query_pre_attn_scalar", 256);
    if (!(scalar > 0)) fail_input("{}: 'query_pre_attn_scalar' is {}, not above 0", file.origin(), scalar);
    config.attention_scale = 1 / std::sqrt(scalar);
    const bool null_cap = file.values().contains("attn_logit_softcapping") && !file.has("attn_logit_softcapping");
    config.score_cap = file.number("attn_logit_softcapping", null_cap ? 0 : traits_.score_cap);
  }
  // transformers reads Gemma 3's and applies it nowhere.
  if (traits_.two_rotations && config.score_cap != 0) file.refuse("it caps attention's scores");
  read_windows(file, config);
  read_rotation(file, config);
  pass_harmless(file);
  return config;
}

bool Decoder::has_biases(const CheckpointConfig& file) const {
  return traits_.reads_attention_bias && file.flag("attention_bias", false);
}

TransformerWeights Decoder::weights(const CheckpointConfig& file, const TransformerConfig& sizes,
                                    const WeightSource& source, at::ScalarType precision) const {
  const WeightLoader load(source, weight_prefix(source, "embed_tokens.weight"), precision);
  // Hugging Face keeps Gemma's norm weights without the one that is added to them; GGUF has added it.
  const double offset = traits_.gemma && !file.flag("norm_weights_are_whole", false) ? 1 : 0;
  // GGUF has no key for biases: whoever converted the file wrote those that there were.
  const bool any_biases = has_biases(file);
  const bool in_biases = traits_.query_key_value_bias || any_biases || file.flag("has_query_key_value_bias", false);
  const bool out_bias = any_biases || file.flag("has_attention_out_bias", false);
  const bool mlp_bias = (traits_.reads_mlp_bias && file.flag("mlp_bias", false)) || file.flag("has_mlp_bias", false);
  const int64_t hidden = sizes.hidden, query_rows = sizes.num_heads * sizes.head_size,
                kv_rows = sizes.num_kv_heads * sizes.head_size;
  TransformerWeights weights;
  weights.embed = load.rows("embed_tokens.weight", sizes.vocabulary, hidden);
  weights.final_norm = load.norm("norm", hidden, false, offset);
  for (int64_t i = 0; i < sizes.num_layers; ++i) {
    const auto name = [&](const char* part) { return fmt::format("layers.{}.{}", i, part); };
    TransformerLayer layer;
    layer.attention_norm = load.norm(name("input_layernorm"), hidden, false, offset);
    layer.query_key_value = load.linear({{name("self_attn.q_proj"), query_rows},
                                         {name("self_attn.k_proj"), kv_rows},
                                         {name("self_attn.v_proj"), kv_rows}},
                                        hidden, in_biases);
    layer.attention_out = load.linear({{name("self_attn.o_proj"), hidden}}, query_rows, out_bias);
    if (traits_.head_norms) {
      layer.query_norm = load.norm(name("self_attn.q_norm"), sizes.head_size, false, offset).weight;
      layer.key_norm = load.norm(name("self_attn.k_norm"), sizes.head_size, false, offset).weight;
    }
    if (traits_.gemma) {
      layer.after_attention = load.norm(name("post_attention_layernorm"), hidden, false, offset);
      layer.mlp_norm = load.norm(name("pre_feedforward_layernorm"), hidden, false, offset);
      layer.after_mlp = load.norm(name("post_feedforward_layernorm"), hidden, false, offset);
    } else {
      layer.mlp_norm = load.norm(name("post_attention_layernorm"), hidden, false, offset);
    }
    layer.up = load.linear({{name("mlp.gate_proj"), sizes.mlp}, {name("mlp.up_proj"), sizes.mlp}}, hidden, mlp_bias);
    layer.down = load.linear({{name("mlp.down_proj"), hidden}}, sizes.mlp, mlp_bias);
    weights.layers.push_back(std::move(layer));
  }
  return weights;
}

void Decoder::read_windows(const CheckpointConfig& file, TransformerConfig& config) const {
  const auto layers = static_cast<size_t>(config.num_layers);
  if (traits_.unturned_period > 0) {
    const std::vector<double> turned = file.numbers("no_rope_layers");  // named by what they are not: 1 turns
    const int64_t period = file.size("no_rope_layer_interval", traits_.unturned_period);
    if (!turned.empty() && turned.size() < layers) file.refuse("'no_rope_layers' lists fewer layers than there are");
    for (size_t i = 0; i < layers; ++i) {
      config.unturned.push_back(turned.empty() ? (static_cast<int64_t>(i) + 1) % period == 0 : turned[i] == 0);
    }
  }
  if (traits_.windows == WindowRule::kNone) return;
  const bool may_be_off = traits_.windows == WindowRule::kUpper || traits_.windows == WindowRule::kWithoutRotation;
  const bool is_null = file.values().contains("sliding_window") && !file.has("sliding_window");
  const bool is_on = (!may_be_off || file.flag("use_sliding_window", false)) && !is_null;
  const bool has_window = is_on && (traits_.windows != WindowRule::kWithoutRotation || file.has("sliding_window"));
  file.has("sliding_window");
  const int64_t from = file.size("max_window_layers", traits_.max_window_layers);
  int64_t period = traits_.window_period;
  // Gemma 3's older files give the period; Gemma 2's has never been read from there.
  if (traits_.two_rotations) {
    period = file.size("sliding_window_pattern", period);
    file.has("_sliding_window_pattern");
  }
  std::vector<std::string> kinds;
  if (traits_.windows != WindowRule::kAll) kinds = file.texts("layer_types");
  if (!kinds.empty() && kinds.size() != layers) {
    fail_input("{}: 'layer_types' lists {} layers, the model has {}", file.origin(), kinds.size(), layers);
  }
  for (size_t i = 0; i < layers; ++i) {
    const auto number = static_cast<int64_t>(i);
    bool windowed = false;
    if (!kinds.empty()) {
      if (kinds[i] != "full_attention" && kinds[i] != "sliding_attention") {
        file.refuse("a layer's kind is '" + kinds[i] + "'");
      }
      windowed = kinds[i] == "sliding_attention";
      if (windowed && !has_window) file.refuse("'layer_types' asks for a window, and none is given");
    } else if (traits_.windows == WindowRule::kPattern) {
      windowed = (number + 1) % period != 0;
    } else {
      windowed = has_window &&
                 (traits_.windows == WindowRule::kAll || (traits_.windows == WindowRule::kUpper && number >= from) ||
                  (traits_.windows == WindowRule::kWithoutRotation && config.unturned[i]));
    }
    config.windowed.push_back(windowed);
  }
  if (std::find(config.windowed.begin(), config.windowed.end(), true) == config.windowed.end()) {
    config.windowed.clear();
  } else {
    if (!has_window) file.refuse("its windowed layers have no 'sliding_window'");
    config.window = file.size("sliding_window", traits_.window);
    // Where is_causal is false, transformers counts a window as the farthest distance and not as the number of tokens.
    if (!config.causal) ++config.window;
  }
  if (!traits_.gemma || !file.flag("use_bidirectional_attention", false)) return;
  if (!traits_.two_rotations) file.refuse("'use_bidirectional_attention' is set");
  // EmbeddingGemma: as far back as forth, half of the window each way.
  if (config.causal && !config.windowed.empty())
    config.window = config.window / 2 + 1;
  else if (!config.windowed.empty())
    config.window = (config.window - 1) / 2 + 2;
  config.causal = false;
}

void Decoder::read_rotation(const CheckpointConfig& file, TransformerConfig& config) const {
  RotaryPositions full;
  if (!traits_.two_rotations) {
    full = rotary_positions_of(file, traits_.theta, config.head_size, config.context, !traits_.ignores_rope_scaling);
  } else {
    // rope_parameters by kinds of layers, or the older keys; rope_scaling is of the full layers alone.
    const CheckpointConfig tables = file.table("rope_parameters");
    Json parameters = tables.table("full_attention").values();
    const CheckpointConfig scaling = file.table("rope_scaling");
    parameters.update(scaling.values());
    const CheckpointConfig table(parameters, file.origin() + ": rope_parameters");
    if (!table.flag("truncate", true)) table.refuse("its 'truncate' is false");  // not read there by transformers
    full = rotary_positions(table, file.number("rope_theta", traits_.theta), config.head_size, config.context);
    for (const std::string& key : table.unread()) table.refuse("'" + key + "' stands in it");
    for (const auto& [key, value] : parameters.items()) scaling.has(key), tables.table("full_attention").has(key);
    const RotaryPositions windowed =
        rotary_positions(tables.table("sliding_attention"), file.number("rope_local_base_freq", traits_.window_theta),
                         config.head_size, config.context);
    config.windowed_rotary = windowed.frequencies;
    config.windowed_rotary_scale = windowed.scale;
    if (windowed.context > 0) config.context = std::min(config.context, windowed.context);
  }
  config.rotary = full.frequencies;
  config.rotary_scale = full.scale;
  if (full.context > 0) config.context = std::min(config.context, full.context);
}

void Decoder::pass_harmless(const CheckpointConfig& file) const {
  for (const auto& [key, value] : file.values().items()) {
    const bool foreign = std::any_of(traits_.foreign.begin(), traits_.foreign.end(),
                                     [&, &name = key](const std::string& start) { return name.starts_with(start); });
    if (foreign) file.has(key);
  }
}

}  // namespace emf
