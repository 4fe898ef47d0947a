// SPDX-License-Identifier: Apache-2.0
// ModernBERT's encoder: bidirectional, rotary positions, gated MLP, windows in two of three layers.
// @source  Warner et al. 2024.
#include "encoders/architectures/architecture.h"
#include "encoders/architectures/rotary.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class ModernBert : public Architecture {
 public:
  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers", 22);
    config.hidden = file.size("hidden_size", 768);
    config.mlp = file.size("intermediate_size", 1152);
    config.num_heads = config.num_kv_heads = file.size("num_attention_heads", 12);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", 50368);
    config.context = file.size("max_position_embeddings", 8192);
    config.norm = NormKind::kLayer;
    config.norm_epsilon = file.number("norm_eps", 1e-5);
    config.activation = activation_of(file, file.text("hidden_activation", "gelu"));
    config.causal = false;
    if (config.head_size * config.num_heads != config.hidden || config.head_size % 2 != 0) {
      fail_input("{}: {} heads do not divide hidden size {} evenly", file.origin(), config.num_heads, config.hidden);
    }
    for (const char* biases : {"norm_bias", "attention_bias", "mlp_bias"}) file.flag(biases, false);
    // Written by its first files and read by no version of the class.
    file.has("layer_norm_eps");
    file.has("position_embedding_type");
    read_layers(file, config);
    return config;
  }

  TransformerWeights weights(const CheckpointConfig& file, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "embeddings.tok_embeddings.weight"), precision);
    const bool norm_bias = file.flag("norm_bias", false), attention_bias = file.flag("attention_bias", false),
               mlp_bias = file.flag("mlp_bias", false);
    const int64_t hidden = sizes.hidden;
    TransformerWeights weights;
    weights.embed = load.rows("embeddings.tok_embeddings.weight", sizes.vocabulary, hidden);
    weights.embedding_norm = load.norm("embeddings.norm", hidden, norm_bias);
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("layers.{}.{}", i, part); };
      TransformerLayer layer;
      // The embedding is normalised already.
      if (i > 0) layer.attention_norm = load.norm(name("attn_norm"), hidden, norm_bias);
      layer.query_key_value = load.linear({{name("attn.Wqkv"), 3 * hidden}}, hidden, attention_bias);
      layer.attention_out = load.linear({{name("attn.Wo"), hidden}}, hidden, attention_bias);
      layer.mlp_norm = load.norm(name("mlp_norm"), hidden, norm_bias);
      layer.up = load.linear({{name("mlp.Wi"), 2 * sizes.mlp}}, hidden, mlp_bias);
      layer.down = load.linear({{name("mlp.Wo"), hidden}}, sizes.mlp, mlp_bias);
      weights.layers.push_back(std::move(layer));
    }
    weights.final_norm = load.norm("final_norm", hidden, norm_bias);
    return weights;
  }

 private:
  static void read_layers(const CheckpointConfig& file, TransformerConfig& config) {
    // The window is as wide as half of local_attention to either side.
    config.window = file.size("local_attention", 128) / 2 + 1;
    const std::vector<std::string> kinds = file.texts("layer_types");
    const int64_t period = file.size("global_attn_every_n_layers", 3);
    if (!kinds.empty() && static_cast<int64_t>(kinds.size()) != config.num_layers) {
      fail_input("{}: 'layer_types' lists {} layers, the model has {}", file.origin(), kinds.size(), config.num_layers);
    }
    for (int64_t i = 0; i < config.num_layers; ++i) {
      const std::string kind =
          kinds.empty() ? (i % period == 0 ? "full_attention" : "sliding_attention") : kinds[static_cast<size_t>(i)];
      if (kind != "full_attention" && kind != "sliding_attention") file.refuse("a layer's kind is '" + kind + "'");
      config.windowed.push_back(kind == "sliding_attention");
    }
    if (file.has("rope_scaling")) file.refuse("it scales its rotary positions");
    const CheckpointConfig tables = file.table("rope_parameters");
    const RotaryPositions full = rotary_positions(
        tables.table("full_attention"), file.number("global_rope_theta", 160000.0), config.head_size, config.context);
    const RotaryPositions windowed = rotary_positions(
        tables.table("sliding_attention"), file.number("local_rope_theta", 1e4), config.head_size, config.context);
    config.rotary = full.frequencies;
    config.rotary_scale = full.scale;
    config.windowed_rotary = windowed.frequencies;
    config.windowed_rotary_scale = windowed.scale;
  }
};

std::unique_ptr<Architecture> make_modern_bert() { return std::make_unique<ModernBert>(); }

EMF_REGISTER(ArchitectureRegistry, "modernbert", "ModernBERT", make_modern_bert);

}  // namespace
}  // namespace emf
