// T5's encoder, v1.0 and v1.1 (also Flan): bidirectional, relative position bias shared by all layers, unscaled scores.
// @source  Raffel et al. 2020.
#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class T5 : public Architecture {
 public:
  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_layers");
    config.hidden = file.size("d_model");
    config.mlp = file.size("d_ff");
    config.num_heads = config.num_kv_heads = file.size("num_heads");
    config.head_size = file.size("d_kv");
    config.vocabulary = file.size("vocab_size");
    config.context = 1 << 14;  // relative positions have no last place; a bound on the memory of L * L scores
    config.norm_epsilon = file.number("layer_norm_epsilon", 1e-6);
    // "relu" (v1.0), "gated-gelu" (v1.1), "gated-silu": the gated GELU is the tanh form, whatever its name says.
    const std::string kind = file.text("feed_forward_proj", "relu");
    config.gated = kind.rfind("gated-", 0) == 0;
    const std::string name = config.gated ? kind.substr(6) : kind;
    config.activation = activation_of(file, kind == "gated-gelu" ? "gelu_new" : name);
    config.causal = false;
    config.attention_scale = 1;
    config.positions = PositionKind::kRelativeBias;
    config.relative_buckets = file.size("relative_attention_num_buckets", 32);
    config.relative_distance = file.size("relative_attention_max_distance", 128);
    if (config.relative_buckets % 4 != 0 || config.relative_distance <= config.relative_buckets / 4) {
      fail_input("{}: impossible relative positions: {} buckets up to distance {}", file.origin(),
                 config.relative_buckets, config.relative_distance);
    }
    return config;
  }

  TransformerWeights weights(const CheckpointConfig&, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, "", precision);
    const int64_t hidden = sizes.hidden, inner = sizes.num_heads * sizes.head_size;
    TransformerWeights weights;
    const char* table = source.has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight";
    weights.embed = load.rows(table, sizes.vocabulary, hidden);
    weights.relative_bias = load.tensor("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                                        {sizes.relative_buckets, sizes.num_heads});
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("encoder.block.{}.layer.{}", i, part); };
      TransformerLayer layer;
      layer.attention_norm = load.norm(name("0.layer_norm"), hidden, false);
      layer.query_key_value = load.linear(
          {{name("0.SelfAttention.q"), inner}, {name("0.SelfAttention.k"), inner}, {name("0.SelfAttention.v"), inner}},
          hidden, false);
      layer.attention_out = load.linear({{name("0.SelfAttention.o"), hidden}}, inner, false);
      layer.mlp_norm = load.norm(name("1.layer_norm"), hidden, false);
      layer.up =
          sizes.gated
              ? load.linear({{name("1.DenseReluDense.wi_0"), sizes.mlp}, {name("1.DenseReluDense.wi_1"), sizes.mlp}},
                            hidden, false)
              : load.linear({{name("1.DenseReluDense.wi"), sizes.mlp}}, hidden, false);
      layer.down = load.linear({{name("1.DenseReluDense.wo"), hidden}}, sizes.mlp, false);
      weights.layers.push_back(std::move(layer));
    }
    weights.final_norm = load.norm("encoder.final_layer_norm", hidden, false);
    return weights;
  }
};

std::unique_ptr<Architecture> make_t5() { return std::make_unique<T5>(); }

EMF_REGISTER(ArchitectureRegistry, "t5", "T5's encoder, v1.0, v1.1 and Flan", make_t5);

}  // namespace
}  // namespace emf
