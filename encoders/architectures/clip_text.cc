// CLIP's text tower: causal, learned positions, LayerNorm before each branch and at the end.
// @source  Radford et al. 2021.
#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class ClipText : public Architecture {
 public:
  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers", 12);
    config.hidden = file.size("hidden_size", 512);
    config.mlp = file.size("intermediate_size", 2048);
    config.num_heads = config.num_kv_heads = file.size("num_attention_heads", 8);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", 49408);
    config.context = file.size("max_position_embeddings", 77);
    config.norm = NormKind::kLayer;
    config.norm_epsilon = file.number("layer_norm_eps", 1e-5);
    config.activation = activation_of(file, file.text("hidden_act", "quick_gelu"));
    config.gated = false;
    config.positions = PositionKind::kLearned;
    if (config.head_size * config.num_heads != config.hidden) {
      fail_input("{}: {} heads do not divide hidden size {}", file.origin(), config.num_heads, config.hidden);
    }
    return config;
  }

  TransformerWeights weights(const CheckpointConfig&, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "embeddings.token_embedding.weight", {"text_model.", ""}),
                            precision);
    const int64_t hidden = sizes.hidden;
    TransformerWeights weights;
    weights.embed = load.rows("embeddings.token_embedding.weight", sizes.vocabulary, hidden);
    weights.positions = load.tensor("embeddings.position_embedding.weight", {sizes.context, hidden});
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("encoder.layers.{}.{}", i, part); };
      TransformerLayer layer;
      layer.attention_norm = load.norm(name("layer_norm1"), hidden, true);
      layer.query_key_value = load.linear(
          {{name("self_attn.q_proj"), hidden}, {name("self_attn.k_proj"), hidden}, {name("self_attn.v_proj"), hidden}},
          hidden, true);
      layer.attention_out = load.linear({{name("self_attn.out_proj"), hidden}}, hidden, true);
      layer.mlp_norm = load.norm(name("layer_norm2"), hidden, true);
      layer.up = load.linear({{name("mlp.fc1"), sizes.mlp}}, hidden, true);
      layer.down = load.linear({{name("mlp.fc2"), hidden}}, sizes.mlp, true);
      weights.layers.push_back(std::move(layer));
    }
    weights.final_norm = load.norm("final_layer_norm", hidden, true);
    return weights;
  }
};

std::unique_ptr<Architecture> make_clip_text() { return std::make_unique<ClipText>(); }

EMF_REGISTER(ArchitectureRegistry, "clip_text_model", "CLIP's text tower", make_clip_text);

}  // namespace
}  // namespace emf
