// SPDX-License-Identifier: Apache-2.0
#include "encoders/small/small_encoder.h"

#include <ATen/ATen.h>
#include <cmath>

#include "encoders/tokenizers/clip_bpe.h"
#include "encoders/transformer/transformer_encoder.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int64_t kVocabulary = 4096;
/// The vocabulary's last ids stand for no text: span corruption marks its gaps with them.
constexpr int64_t kFreeIds = 16;
constexpr int64_t kNumMerges = kVocabulary - kFreeIds - 2 * 256 - 2;  // two alphabets, two marks
constexpr int64_t kMaxTokens = 77;                                    // CLIP's

TransformerConfig small_config(bool causal) {
  TransformerConfig config;
  config.num_layers = 4;
  config.hidden = 128;
  config.mlp = 384;
  config.num_heads = config.num_kv_heads = 4;
  config.head_size = 32;
  config.vocabulary = kVocabulary;
  config.context = 128;
  config.causal = causal;
  for (int64_t i = 0; i < config.head_size / 2; ++i) {
    config.rotary.push_back(std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_size)));
  }
  return config;
}

int64_t num_parameters(const TransformerConfig& config) {
  const int64_t width = config.num_heads * config.head_size;
  const int64_t layer = 4 * config.hidden * width + 3 * config.hidden * config.mlp + 2 * config.hidden;
  return config.vocabulary * config.hidden + config.num_layers * layer + config.hidden;
}

/// Normals of variance 1 / inputs, keyed by name; matrices that end a branch are scaled down with depth as GPT-2's are.
TransformerWeights initial_weights(const TransformerConfig& config, uint64_t seed) {
  const auto matrix = [&](const std::string& name, int64_t rows, int64_t columns, double scale = 1) -> LinearWeights {
    return {normal_named(seed, "encoder/small/" + name, {rows, columns}) *
                (scale / std::sqrt(static_cast<double>(columns))),
            {}};
  };
  const auto norm = [&]() -> NormWeights { return {at::ones({config.hidden}), {}}; };
  const double at_end = 1 / std::sqrt(2.0 * static_cast<double>(config.num_layers));
  TransformerWeights weights;
  weights.table = matrix("table", config.vocabulary, config.hidden).weight;
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    TransformerLayer layer;
    layer.attention_norm = norm();
    layer.query_key_value = matrix(prefix + "query_key_value", 3 * config.num_heads * config.head_size, config.hidden);
    layer.attention_out = matrix(prefix + "attention_out", config.hidden, config.num_heads * config.head_size, at_end);
    layer.mlp_norm = norm();
    layer.up = matrix(prefix + "up", 2 * config.mlp, config.hidden);
    layer.down = matrix(prefix + "down", config.hidden, config.mlp, at_end);
    weights.layers.push_back(std::move(layer));
  }
  weights.final_norm = norm();
  return weights;
}

class SmallEncoder : public TransformerEncoder {
 public:
  SmallEncoder(const SmallFamily& family, const Options& options, const EncoderContext& context)
      : family_(family), seed_(context.seed), package_(package_file("clip-vocabulary")) {
    placement_ = context.placement;
    ConfigReader reader(options);
    const std::string argument = reader.text("argument", "", "what stands behind the colon of its name");
    values_ = reader.text("values", argument, "file of trained values (.safetensors); \"\" = pretrained by the suite");
    if (!argument.empty() && values_ != argument) {
      fail_input("{}: encoder '{}': 'values' is given twice", reader.place("values"), family.name);
    }
    trainable_ = reader.flag("trainable", false, "trained with the generator");
    sizes_ = small_config(family.causal);
    layer_ = reader.integer("layer", Transformer::kFinal, Transformer::kFinal, sizes_.num_layers,
                            "layer whose states are the features; -1 = behind the last norm");
    reader.finish();
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = family_.name;
    info.family = "small";
    info.summary = family_.summary;
    info.source = family_.source;
    info.licence = package_.licence + " (tokenizer)";
    info.num_parameters = num_parameters(sizes_);
    info.dimension = sizes_.hidden;
    info.max_tokens = kMaxTokens;
    info.weights_path = package_.path.string();
    info.weights_sha256 = package_.sha256;
    info.weights_present = path_exists(package_.path);
    info.trainable = trainable_;
    info.vocabulary = kVocabulary;
    if (values_.empty()) info.pretraining = family_.pretraining;
    return info;
  }

  Json fingerprint() const override {
    Json fingerprint = {{"encoder", family_.name},      {"version", 1},    {"causal", family_.causal},
                        {"tokenizer", package_.sha256}, {"layer", layer_}, {"trainable", trainable_}};
    if (values_.empty()) {
      fingerprint["seed"] = seed_;
    } else {
      fingerprint["values"] = sha256_file(values_);
    }
    return fingerprint;
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    std::vector<std::vector<int64_t>> rows = tokenize(prompts, /*with_specials=*/true);
    int64_t num_cut = 0;
    for (auto& row : rows) {
      if (static_cast<int64_t>(row.size()) <= kMaxTokens) continue;
      row[kMaxTokens - 1] = row.back();  // the closing mark stays
      row.resize(kMaxTokens);
      ++num_cut;
    }
    TokenInputs inputs = padded_inputs(rows, kMaxTokens);
    inputs.num_cut = num_cut;
    return inputs;
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    require_utf8(prompts);
    if (!tokenizer_) tokenizer_ = load_clip_merges(require_package_file(package_.id).path, kNumMerges);
    std::vector<std::vector<int64_t>> rows;
    for (const Prompt& prompt : prompts) rows.push_back(tokenizer_->encode(prompt.text, with_specials));
    return rows;
  }

 private:
  std::unique_ptr<Transformer> load() const override {
    return std::make_unique<Transformer>(sizes_, initial_weights(sizes_, seed_));
  }

  SmallFamily family_;
  uint64_t seed_;
  PackageFile package_;
  TransformerConfig sizes_;
  mutable std::unique_ptr<Tokenizer> tokenizer_;  // filled on first use
};

}  // namespace

std::unique_ptr<Encoder> make_small(const SmallFamily& family, const Options& options, const EncoderContext& context) {
  return std::make_unique<SmallEncoder>(family, options, context);
}

}  // namespace emf
