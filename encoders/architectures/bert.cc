// SPDX-License-Identifier: Apache-2.0
// BERT's encoder (also MiniLM), RoBERTa's and XLM-R's: bidirectional, learned positions, LayerNorm after each sum.
// @source  Devlin et al. 2019; Liu et al. 2019; Conneau et al. 2020.
#include <ATen/ATen.h>
#include <cmath>

#include "encoders/architectures/architecture.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class Bert : public Architecture {
 public:
  /// @param vocabulary  where the file names none.   @param is_roberta  positions are counted from behind the padding
  /// mark's id on, whose rows before stand unused.
  Bert(int64_t vocabulary, bool is_roberta) : vocabulary_(vocabulary), is_roberta_(is_roberta) {}

  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("num_hidden_layers", 12);
    config.hidden = file.size("hidden_size", 768);
    config.mlp = file.size("intermediate_size", 3072);
    config.num_heads = config.num_kv_heads = file.size("num_attention_heads", 12);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", vocabulary_);
    config.context = file.size("max_position_embeddings", 512) - first_position(file);
    if (config.context < 1) file.refuse("no position is left behind the padding mark's");
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
    file.size("type_vocab_size", 2);
    return config;
  }

  TransformerWeights weights(const CheckpointConfig& file, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "embeddings.word_embeddings.weight"), precision);
    const int64_t hidden = sizes.hidden;
    TransformerWeights weights;
    weights.embed = load.rows("embeddings.word_embeddings.weight", sizes.vocabulary, hidden);
    // A prompt is one sentence, so every token is of type 0.
    const at::Tensor types =
        load.tensor("embeddings.token_type_embeddings.weight", {file.size("type_vocab_size", 2), hidden});
    const int64_t first = first_position(file);
    const at::Tensor positions = load.tensor("embeddings.position_embeddings.weight", {first + sizes.context, hidden});
    weights.positions = positions.narrow(0, first, sizes.context) + types[0];
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

  bool has_projection(const CheckpointConfig&, const WeightSource& source) const override {
    return source.has(pooler(source) + ".weight");
  }

  TextProjection projection(const CheckpointConfig&, const TransformerConfig& sizes,
                            const WeightSource& source) const override {
    return {read_projection(source, pooler(source), sizes.hidden, true), true, TextProjection::Token::kFirst};
  }

 private:
  static std::string pooler(const WeightSource& source) {
    return weight_prefix(source, "embeddings.word_embeddings.weight") + "pooler.dense";
  }

  int64_t first_position(const CheckpointConfig& file) const {
    if (!is_roberta_) return 0;
    const double padding = file.number("pad_token_id", 1);
    if (padding < 0 || padding > 1 << 20 || padding != std::floor(padding)) file.refuse("no id is its padding mark");
    return static_cast<int64_t>(padding) + 1;
  }

  int64_t vocabulary_;
  bool is_roberta_;
};

std::unique_ptr<Architecture> make_bert() { return std::make_unique<Bert>(30522, false); }
std::unique_ptr<Architecture> make_roberta() { return std::make_unique<Bert>(50265, true); }
std::unique_ptr<Architecture> make_xlm_roberta() { return std::make_unique<Bert>(30522, true); }

[[maybe_unused]] const bool kRegistered[] = {
    ArchitectureRegistry::instance().add("bert", {"BERT, MiniLM and other sentence encoders", __FILE__, make_bert}),
    ArchitectureRegistry::instance().add("roberta", {"RoBERTa", __FILE__, make_roberta}),
    ArchitectureRegistry::instance().add("xlm-roberta", {"XLM-R, BGE-M3, multilingual E5", __FILE__, make_xlm_roberta}),
};

}  // namespace
}  // namespace emf
