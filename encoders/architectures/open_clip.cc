// SPDX-License-Identifier: Apache-2.0
// CLIP's text tower by OpenCLIP's own names, as open_clip_model.safetensors holds it.
// @source  Ilharco et al. 2021 (OpenCLIP), text tower of model.py and transformer.py.
#include "encoders/architectures/architecture.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace emf {
namespace {

class OpenClip : public Architecture {
 public:
  TransformerConfig config(const CheckpointConfig& file) const override {
    TransformerConfig config;
    config.num_layers = file.size("layers", 12);
    config.hidden = file.size("width", 512);
    config.mlp = static_cast<int64_t>(static_cast<double>(config.hidden) * file.number("mlp_ratio", 4));
    config.num_heads = config.num_kv_heads = file.size("heads", 8);
    config.head_size = config.hidden / config.num_heads;
    config.vocabulary = file.size("vocab_size", 49408);
    config.context = file.size("context_length", 77);
    config.norm = NormKind::kLayer;
    config.norm_epsilon = file.table("norm_kwargs").number("eps", 1e-5);
    const CheckpointConfig activation = file.table("act_kwargs");
    const bool tanh = activation.text("approximate", "none") == "tanh";
    config.activation = file.flag("quick_gelu", false) ? Activation::kQuickGelu
                        : tanh                         ? Activation::kGeluTanh
                                                       : Activation::kGelu;
    config.gated = false;
    config.causal = !file.flag("no_causal_mask", false);
    config.positions = PositionKind::kLearned;
    if (config.head_size * config.num_heads != config.hidden) {
      fail_input("{}: {} heads do not divide width {}", file.origin(), config.num_heads, config.hidden);
    }
    if (file.has("hf_model_name")) file.refuse("its text tower is '" + file.text("hf_model_name", "") + "'");
    if (file.flag("embed_cls", false)) file.refuse("it appends a token of its own to every text");
    if (file.has("ls_init_value")) file.refuse("its layers are scaled");
    // How a text becomes one vector, and how it becomes ids: of the pooling and of the tokenizer.
    for (const char* other : {"pool_type", "proj_type", "proj_bias", "final_ln_after_pool", "output_tokens", "pad_id",
                              "tokenizer_kwargs", "hf_tokenizer_name", "embed_dim", "eos_id"}) {
      file.has(other);
    }
    return config;
  }

  TransformerWeights weights(const CheckpointConfig&, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override {
    const WeightLoader load(source, weight_prefix(source, "token_embedding.weight"), precision);
    const int64_t hidden = sizes.hidden;
    TransformerWeights weights;
    weights.embed = load.rows("token_embedding.weight", sizes.vocabulary, hidden);
    weights.positions = load.tensor("positional_embedding", {sizes.context, hidden});
    for (int64_t i = 0; i < sizes.num_layers; ++i) {
      const auto name = [&](const char* part) { return fmt::format("transformer.resblocks.{}.{}", i, part); };
      TransformerLayer layer;
      layer.attention_norm = load.norm(name("ln_1"), hidden, true);
      layer.query_key_value = {load.tensor(name("attn.in_proj_weight"), {3 * hidden, hidden}).to(precision),
                               load.tensor(name("attn.in_proj_bias"), {3 * hidden}).to(precision)};
      layer.attention_out = load.linear({{name("attn.out_proj"), hidden}}, hidden, true);
      layer.mlp_norm = load.norm(name("ln_2"), hidden, true);
      layer.up = load.linear({{name("mlp.c_fc"), sizes.mlp}}, hidden, true);
      layer.down = load.linear({{name("mlp.c_proj"), hidden}}, sizes.mlp, true);
      weights.layers.push_back(std::move(layer));
    }
    weights.final_norm = load.norm("ln_final", hidden, true);
    return weights;
  }

  bool has_projection(const CheckpointConfig& file, const WeightSource& source) const override {
    const std::string name = projection_name(source);
    return file.text("proj_type", "linear") == "linear" && (source.has(name) || source.has(name + ".weight"));
  }

  TextProjection projection(const CheckpointConfig& file, const TransformerConfig& sizes,
                            const WeightSource& source) const override {
    TextProjection projection;
    const std::string name = projection_name(source), pool = file.text("pool_type", "argmax");
    if (source.has(name)) {
      // A parameter that stands on the right of the product.
      const std::vector<int64_t> shape = source.shape(name);
      if (shape.size() != 2 || shape[0] != sizes.hidden) {
        fail_input("{}: tensor '{}' is no matrix of {} rows", source.origin(), name, sizes.hidden);
      }
      const at::Tensor matrix = at::empty(shape, at::kFloat);
      source.read(name, shape, matrix.data_ptr<float>());
      projection.linear.weight = matrix.t().contiguous();
    } else {
      projection.linear = read_projection(source, name, sizes.hidden, source.has(name + ".bias"));
    }
    if (pool == "eos") {
      projection.mark = file.size("eos_id", 2);
    } else if (pool == "first" || pool == "last") {
      projection.token = pool == "first" ? TextProjection::Token::kFirst : TextProjection::Token::kLast;
    } else if (pool != "argmax") {
      file.refuse("its pool_type is '" + pool + "'");
    }
    return projection;
  }

  /// All prompts are filled up; it shows where padding is attended to, or where its own state is the text's.
  std::optional<ContextFill> fill(const CheckpointConfig& file) const override {
    if (!file.flag("no_causal_mask", false) && file.text("pool_type", "argmax") != "last") return std::nullopt;
    const double id = file.number("pad_id", 0);
    return ContextFill{static_cast<int64_t>(id)};
  }

 private:
  static std::string projection_name(const WeightSource& source) {
    return weight_prefix(source, "token_embedding.weight") + "text_projection";
  }
};

std::unique_ptr<Architecture> make_open_clip() { return std::make_unique<OpenClip>(); }

EMF_REGISTER(ArchitectureRegistry, "open_clip", "CLIP's text tower, by OpenCLIP's names", make_open_clip);

}  // namespace
}  // namespace emf
