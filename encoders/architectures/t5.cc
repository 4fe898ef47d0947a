// SPDX-License-Identifier: Apache-2.0
// T5's encoder, v1.0 and v1.1 (also Flan), mT5 and umT5: bidirectional, relative position bias, unscaled scores.
// @source  Raffel et al. 2020; Xue et al. 2021; Chung et al. 2023.
#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

/// What one relative does otherwise, and what its class of transformers takes for keys that are absent.
struct Traits {
  int64_t vocabulary = 32128, mlp = 2048, layers = 6, heads = 8;
  const char* feed_forward = "relu";
  bool own_biases = false;  ///< each layer its own table of relative positions: umT5
};

class T5 : public Architecture {
 public:
  explicit T5(Traits traits) : traits_(traits) {}

  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_layers", traits_.layers);
    config.hidden = file.size("d_model", 512);
    config.mlp = file.size("d_ff", traits_.mlp);
    config.num_heads = config.num_kv_heads = file.size("num_heads", traits_.heads);
    config.head_size = file.size("d_kv", 64);
    config.vocabulary = file.size("vocab_size", traits_.vocabulary);
    config.context = 1 << 14;  // relative positions have no last place; a bound on the memory of L * L scores
    config.norm_epsilon = file.number("layer_norm_epsilon", 1e-6);
    // "relu" (v1.0), "gated-gelu" (v1.1), "gated-silu": the gated GELU is the tanh form, whatever its name says. Two
    // keys that follow from this one hold where a file says them again.
    const std::string kind = file.text("feed_forward_proj", traits_.feed_forward);
    const bool is_gated = kind.rfind("gated-", 0) == 0;
    config.gated = file.flag("is_gated_act", is_gated);
    const std::string name = kind == "gated-gelu" ? "gelu_new" : is_gated ? kind.substr(6) : kind;
    config.activation = activation_of(file, file.text("dense_act_fn", name));
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
    const bool is_shared = !source.has("encoder.embed_tokens.weight");
    const std::string prefix = is_shared ? weight_prefix(source, "shared.weight") : std::string();
    const WeightLoader load(source, prefix, precision);
    const int64_t hidden = sizes.hidden, inner = sizes.num_heads * sizes.head_size;
    TransformerWeights weights;
    const char* table = load.has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight";
    weights.embed = load.rows(table, sizes.vocabulary, hidden);
    const auto relative_bias = [&](int64_t layer) {
      return load.tensor(fmt::format("encoder.block.{}.layer.0.SelfAttention.relative_attention_bias.weight", layer),
                         {sizes.relative_buckets, sizes.num_heads});
    };
    // Files that somebody relabelled as T5's still hold a table a layer, which T5 never does.
    const bool own_biases =
        traits_.own_biases || load.has("encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight");
    if (!own_biases) weights.relative_bias = relative_bias(0);
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("encoder.block.{}.layer.{}", i, part); };
      TransformerLayer layer;
      if (own_biases) layer.relative_bias = relative_bias(i);
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

 private:
  Traits traits_;
};

std::unique_ptr<Architecture> make_t5() { return std::make_unique<T5>(Traits{}); }
std::unique_ptr<Architecture> make_mt5() {
  return std::make_unique<T5>(Traits{250112, 1024, 8, 6, "gated-gelu", false});
}
std::unique_ptr<Architecture> make_umt5() {
  return std::make_unique<T5>(Traits{250112, 1024, 8, 6, "gated-gelu", true});
}

[[maybe_unused]] const bool kRegistered[] = {
    ArchitectureRegistry::instance().add("t5", {"T5's encoder, v1.0, v1.1 and Flan", __FILE__, make_t5}),
    ArchitectureRegistry::instance().add("mt5", {"mT5's encoder", __FILE__, make_mt5}),
    ArchitectureRegistry::instance().add("umt5", {"umT5's encoder", __FILE__, make_umt5}),
};

}  // namespace
}  // namespace emf
