// BERT's encoder (also MiniLM): bidirectional, learned positions, LayerNorm after each sum.
// @source  Devlin et al. 2019.
#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class Bert : public Architecture {
 public:
  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers", 12);
    config.hidden = file.size("hidden_size", 768);
    config.mlp = file.size("intermediate_size", 3072);
    config.num_heads = config.num_kv_heads = file.size("num_attention_heads", 12);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", 30522);
    config.context = file.size("max_position_embeddings", 512);
    config.norm = NormKind::kLayer;
    config.norm_place = NormPlace::kAfter;
    config.norm_epsilon = file.number("layer_norm_eps", 1e-12);
    config.activation = activation_of(file, file.text("hidden_act", "gelu"));
    config.gated = false;
    config.causal = false;
    config.positions = PositionKind::kLearned;
    if (config.head_size * config.num_heads != config.hidden) {
      fail_input("{}: {} heads do not divide hidden size {}", file.origin(), config.num_heads, config.hidden);
    }
    const std::string kind = file.text("position_embedding_type", "absolute");
    if (kind != "absolute") file.refuse("its position_embedding_type is '" + kind + "'");
    if (file.flag("is_decoder", false)) file.refuse("it is a decoder");
    return config;
  }

  TransformerWeights weights(const CheckpointConfig& file, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "embeddings.word_embeddings.weight", {"", "bert."}),
                            precision);
    const int64_t hidden = sizes.hidden;
    TransformerWeights weights;
    weights.embed = load.rows("embeddings.word_embeddings.weight", sizes.vocabulary, hidden);
    // A prompt is one sentence, so every token is of type 0.
    const at::Tensor types =
        load.tensor("embeddings.token_type_embeddings.weight", {file.size("type_vocab_size", 2), hidden});
    weights.positions = load.tensor("embeddings.position_embeddings.weight", {sizes.context, hidden}) + types[0];
    weights.embedding_norm = load.norm("embeddings.LayerNorm", hidden, true);
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("encoder.layer.{}.{}", i, part); };
      TransformerLayer layer;
      layer.query_key_value = load.linear({{name("attention.self.query"), hidden},
                                           {name("attention.self.key"), hidden},
                                           {name("attention.self.value"), hidden}},
                                          hidden, true);
      layer.attention_out = load.linear({{name("attention.output.dense"), hidden}}, hidden, true);
      layer.attention_norm = load.norm(name("attention.output.LayerNorm"), hidden, true);
      layer.up = load.linear({{name("intermediate.dense"), sizes.mlp}}, hidden, true);
      layer.down = load.linear({{name("output.dense"), hidden}}, sizes.mlp, true);
      layer.mlp_norm = load.norm(name("output.LayerNorm"), hidden, true);
      weights.layers.push_back(std::move(layer));
    }
    return weights;
  }
};

std::unique_ptr<Architecture> make_bert() { return std::make_unique<Bert>(); }

EMF_REGISTER(ArchitectureRegistry, "bert", "BERT, MiniLM and other sentence encoders", make_bert);

}  // namespace
}  // namespace emf
