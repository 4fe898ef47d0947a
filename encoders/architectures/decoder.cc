// Llama and its relatives: causal decoders with rotary positions, grouped-query attention and a gated MLP.
#include <cmath>

#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

/// What one relative does otherwise than Llama.
struct Traits {
  bool query_key_value_bias = false;  ///< Qwen 2
  bool head_norms = false;            ///< Qwen 3, Gemma 3
  bool gemma = false;                 ///< both-sided norms, 1 + w, scaled embeddings, tanh GELU, windows
  int window_period = 0;              ///< of every so many layers the last is full; 0 = all are
};

class Decoder : public Architecture {
 public:
  explicit Decoder(Traits traits) : traits_(traits) {}

  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers");
    config.hidden = file.size("hidden_size");
    config.mlp = file.size("intermediate_size");
    config.num_heads = file.size("num_attention_heads");
    config.num_kv_heads = file.size("num_key_value_heads", config.num_heads);
    config.head_size =
        file.size("head_dim", traits_.gemma ? 256 : std::max<int64_t>(1, config.hidden / config.num_heads));
    config.vocabulary = file.size("vocab_size");
    config.context = file.size("max_position_embeddings", 8192);
    config.norm_epsilon = file.number("rms_norm_eps", 1e-6);
    config.activation = activation_of(
        file, file.text("hidden_activation", file.text("hidden_act", traits_.gemma ? "gelu_pytorch_tanh" : "silu")));
    if (config.head_size % 2 != 0 || config.num_heads % config.num_kv_heads != 0 || !(config.norm_epsilon > 0)) {
      fail_input("{}: impossible attention: {} heads of {}, {} key-value heads, epsilon {}", file.origin(),
                 config.num_heads, config.head_size, config.num_kv_heads, config.norm_epsilon);
    }
    if (file.flag("mlp_bias", false)) file.refuse("its MLP has biases");
    if (traits_.gemma) {
      config.norm_place = NormPlace::kBoth;
      config.embedding_scale = std::sqrt(static_cast<double>(config.hidden));
      config.attention_scale = 1 / std::sqrt(file.number("query_pre_attn_scalar", 256));
      config.score_cap = file.number("attn_logit_softcapping", 0);
      if (file.flag("use_bidirectional_attention", false)) config.causal = false;
    }
    read_windows(file, config);
    read_rotary(file, config);
    return config;
  }

  TransformerWeights weights(const CheckpointConfig& file, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(
        source,
        weight_prefix(source, "embed_tokens.weight", {"", "model.", "language_model.model.", "model.language_model."}),
        precision);
    // Hugging Face keeps Gemma's norm weights without the one that is added to them; GGUF has added it.
    const double offset = traits_.gemma && !file.flag("norm_weights_are_whole", false) ? 1 : 0;
    const bool biases = traits_.query_key_value_bias || file.flag("attention_bias", false);
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
                                          hidden, biases);
      layer.attention_out =
          load.linear({{name("self_attn.o_proj"), hidden}}, query_rows, !traits_.query_key_value_bias && biases);
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
      layer.up = load.linear({{name("mlp.gate_proj"), sizes.mlp}, {name("mlp.up_proj"), sizes.mlp}}, hidden, false);
      layer.down = load.linear({{name("mlp.down_proj"), hidden}}, sizes.mlp, false);
      weights.layers.push_back(std::move(layer));
    }
    return weights;
  }

 private:
  void read_windows(const CheckpointConfig& file, TransformerConfig& config) const {
    if (!file.has("sliding_window") || !file.flag("use_sliding_window", true)) return;
    const int64_t period =
        file.size("sliding_window_pattern", file.size("_sliding_window_pattern", std::max(1, traits_.window_period)));
    const Json types = file.has("layer_types") ? file.values().at("layer_types") : Json();
    std::vector<bool> windowed;
    for (int64_t i = 0; i < config.num_layers; ++i) {
      const auto at = static_cast<size_t>(i);
      windowed.push_back(types.is_array() && at < types.size() ? types[at] == "sliding_attention"
                                                               : traits_.window_period > 0 && (i + 1) % period != 0);
    }
    if (std::find(windowed.begin(), windowed.end(), true) == windowed.end()) return;
    config.windowed = windowed;
    config.window = file.size("sliding_window");
  }

  /// transformers 5 writes rope_parameters, one set or one for each kind of layer; earlier files rope_theta and
  /// rope_scaling.
  void read_rotary(const CheckpointConfig& file, TransformerConfig& config) const {
    if (file.has("rope_parameters")) {
      const CheckpointConfig parameters = file.table("rope_parameters");
      if (!parameters.has("full_attention")) {
        config.rotary = rotary_frequencies(parameters, config.head_size);
        return;
      }
      config.rotary = rotary_frequencies(parameters.table("full_attention"), config.head_size);
      if (parameters.has("sliding_attention"))
        config.windowed_rotary = rotary_frequencies(parameters.table("sliding_attention"), config.head_size);
      return;
    }
    Json parameters = file.has("rope_scaling") ? file.table("rope_scaling").values() : Json::object();
    const bool two_bases = traits_.gemma && traits_.head_norms;  // Gemma 3
    parameters["rope_theta"] = file.number("rope_theta", two_bases ? 1e6 : 1e4);
    config.rotary = rotary_frequencies({parameters, file.origin() + ": rope_scaling"}, config.head_size);
    if (two_bases) {
      config.windowed_rotary = rotary_frequencies(
          {{{"rope_theta", file.number("rope_local_base_freq", 1e4)}}, file.origin()}, config.head_size);
    }
  }

  Traits traits_;
};

template <bool kBias, bool kHeadNorms, bool kGemma, int kPeriod>
std::unique_ptr<Architecture> make() {
  return std::make_unique<Decoder>(Traits{kBias, kHeadNorms, kGemma, kPeriod});
}

[[maybe_unused]] const bool kRegistered[] = {
    ArchitectureRegistry::instance().add("llama", {"Llama, SmolLM2", __FILE__, make<false, false, false, 0>}),
    ArchitectureRegistry::instance().add("qwen2", {"Qwen 2 and 2.5", __FILE__, make<true, false, false, 0>}),
    ArchitectureRegistry::instance().add("qwen3", {"Qwen 3", __FILE__, make<false, true, false, 0>}),
    ArchitectureRegistry::instance().add("gemma2", {"Gemma 2", __FILE__, make<false, false, true, 2>}),
    ArchitectureRegistry::instance().add("gemma3_text", {"Gemma 3", __FILE__, make<false, true, true, 6>}),
};

}  // namespace
}  // namespace emf
