// SPDX-License-Identifier: Apache-2.0
// CLIP's and SigLIP's text towers: learned positions, LayerNorm before each branch and at the end; CLIP's is causal.
// @source  Radford et al. 2021; Zhai et al. 2023; Tschannen et al. 2025 (SigLIP 2).
#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class ClipText : public Architecture {
 public:
  explicit ClipText(bool is_siglip) : is_siglip_(is_siglip) {}

  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers", 12);
    config.hidden = file.size("hidden_size", is_siglip_ ? 768 : 512);
    config.mlp = file.size("intermediate_size", is_siglip_ ? 3072 : 2048);
    config.num_heads = config.num_kv_heads = file.size("num_attention_heads", is_siglip_ ? 12 : 8);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", is_siglip_ ? 32000 : 49408);
    config.context = file.size("max_position_embeddings", is_siglip_ ? 64 : 77);
    config.norm = NormKind::kLayer;
    config.norm_epsilon = file.number("layer_norm_eps", is_siglip_ ? 1e-6 : 1e-5);
    config.activation = activation_of(file, file.text("hidden_act", is_siglip_ ? "gelu_pytorch_tanh" : "quick_gelu"));
    config.gated = false;
    config.causal = !is_siglip_;
    config.positions = PositionKind::kLearned;
    if (config.head_size * config.num_heads != config.hidden) {
      fail_input("{}: {} heads do not divide hidden size {}", file.origin(), config.num_heads, config.hidden);
    }
    return config;
  }

  TransformerWeights weights(const CheckpointConfig&, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "embeddings.token_embedding.weight"), precision);
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

  bool has_projection(const CheckpointConfig&, const WeightSource& source) const override {
    return source.has(projection_name(source) + ".weight");
  }

  TextProjection projection(const CheckpointConfig& file, const TransformerConfig& sizes,
                            const WeightSource& source) const override {
    TextProjection projection;
    projection.linear = read_projection(source, projection_name(source), sizes.hidden, is_siglip_);
    if (is_siglip_) {
      projection.token = TextProjection::Token::kLast;
      return projection;
    }
    // Configs of before 2023 name 2, which is no end mark of CLIP's: there the greatest id is taken for it.
    const double mark = file.number("eos_token_id", 49407);
    if (mark != 2) projection.mark = static_cast<int64_t>(mark);
    return projection;
  }

  /// SigLIP was trained on prompts of 64 tokens, their padding attended to.
  std::optional<ContextFill> fill(const CheckpointConfig&) const override {
    if (is_siglip_) return ContextFill{};
    return std::nullopt;
  }

 private:
  /// SigLIP's head stands among the tower's own tensors, CLIP's projection beside the tower.
  std::string projection_name(const WeightSource& source) const {
    std::string prefix = weight_prefix(source, "embeddings.token_embedding.weight");
    if (is_siglip_) return prefix + "head";
    constexpr std::string_view kTower = "text_model.";
    if (prefix.ends_with(kTower)) prefix.resize(prefix.size() - kTower.size());
    return prefix + "text_projection";
  }

  bool is_siglip_;
};

std::unique_ptr<Architecture> make_clip_text() { return std::make_unique<ClipText>(false); }
std::unique_ptr<Architecture> make_siglip_text() { return std::make_unique<ClipText>(true); }

[[maybe_unused]] const bool kRegistered[] = {
    ArchitectureRegistry::instance().add("clip_text_model", {"CLIP's text tower", __FILE__, make_clip_text}),
    ArchitectureRegistry::instance().add("siglip_text_model", {"SigLIP's text tower", __FILE__, make_siglip_text}),
    ArchitectureRegistry::instance().add("siglip2_text_model", {"SigLIP 2's text tower", __FILE__, make_siglip_text}),
};

}  // namespace
}  // namespace emf
