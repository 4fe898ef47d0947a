// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/pretrained_encoder.h"

#include <algorithm>
#include <filesystem>
#include <future>

#include <fmt/ranges.h>

#include "encoders/pretrained/checkpoint_files.h"
#include "encoders/pretrained/checkpoint_pooling.h"
#include "encoders/pretrained/prompt_form.h"
#include "encoders/transformer/transformer_encoder.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

class PretrainedEncoder : public TransformerEncoder {
 public:
  PretrainedEncoder(const PretrainedFamily& family, const Options& options, const EncoderContext& context)
      : family_(family) {
    placement_ = context.placement;
    ConfigReader reader(options);
    std::string weights =
        reader.text("weights", "", "folder or file of a checkpoint; \"\" = the one that set-up fetches");
    const std::string argument = reader.text("argument", "", "the same, behind the colon of its name");
    layer_ = reader.integer("layer", Transformer::kFinal, Transformer::kFinal, 1024,
                            "layer whose states are the features; -1 = behind the last norm");
    max_tokens_ = reader.integer("max_tokens", family.max_tokens, 4, 1 << 20,
                                 "tokens of a prompt at most; absent: the checkpoint's own [tokens]");
    precision_ = reader.choice("precision", "fp32", {"fp32", "bf16"}, "of weights and activations");
    trainable_ = reader.flag("trainable", false, "trained with the generator");
    values_ = reader.text("values", "", "file of tuned values (.safetensors); \"\" = the checkpoint's");
    const std::string tokenizer =
        reader.text("tokenizer", "", "folder or file of another tokenizer; \"\" = the checkpoint's");
    // Whoever names a checkpoint or a tokenizer gets the ids of its own software.
    const bool has_files = !weights.empty() || !argument.empty();
    const bool is_as_pinned = !has_files && tokenizer.empty() && !family.package_file.empty();
    std::optional<int64_t> filler;
    if (is_as_pinned && family.empty_text_id >= 0) filler = family.empty_text_id;
    form_.emplace(reader, family.name, is_as_pinned && family.marks_are_text, filler);
    names_max_tokens_ = reader.has("max_tokens");
    reader.finish();
    if (trainable_ && precision_ == "bf16") {
      fail_input("{}: encoder '{}': what is trained is held in fp32", reader.place("precision"), family.name);
    }
    if (!weights.empty() && !argument.empty()) {
      fail_input("{}: encoder '{}': 'weights' is given twice", reader.place("weights"), family.name);
    }
    layer_place_ = reader.place("layer");
    own_tokenizer_ = !tokenizer.empty();
    if (weights.empty()) weights = argument;
    if (weights.empty() && !family.package_file.empty()) {
      package_ = package_file(family.package_file);
      files_.emplace(package_->path.extension() == ".gguf" ? package_->path : package_->path.parent_path(), tokenizer);
    } else if (!weights.empty()) {
      files_.emplace(weights, tokenizer);
    }
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = family_.name;
    info.family = family_.family;
    info.summary = family_.summary;
    info.max_tokens = max_tokens_;
    info.trainable = trainable_;
    if (!files_) {
      info.source = "any checkpoint you have: " + family_.name + ":/path";
      info.weights_present = false;
      return info;
    }
    info.weights_path = package_ ? package_->path.string() : files_->path().string();
    info.weights_present = path_exists(info.weights_path);
    if (package_) {
      info.source = family_.source + ", from " + package_->package;
      info.licence = package_->licence;
      info.weights_sha256 = package_->sha256;
      info.num_parameters = family_.num_parameters;
      info.dimension = family_.dimension;
      info.max_tokens = std::min(max_tokens_, family_.context);
    } else if (info.weights_present) {
      const TransformerConfig sizes = files_->sizes();
      info.source = files_->path().filename().string();
      info.family = files_->model_type();
      info.dimension = sizes.hidden;
      info.max_tokens = std::min(most_tokens(), sizes.context);
      info.vocabulary = sizes.vocabulary;
      info.num_parameters = files_->num_parameters();
      info.weights_sha256 = files_->weights_sha256();
    }
    return info;
  }

  Json fingerprint() const override {
    Json fingerprint = {{"encoder", family_.name},
                        {"version", 2},
                        {"weights", package_ ? package_->sha256 : files().weights_sha256()},
                        {"tokenizer", package_ && !own_tokenizer_ ? "of the package" : files().tokenizer_sha256()},
                        {"precision", precision_},
                        {"layer", layer_},
                        {"max_tokens", most_tokens()},
                        {"trainable", trainable_}};
    form_->describe(package_ ? nullptr : &files(), fingerprint);
    if (!values_.empty()) fingerprint["values"] = sha256_file(values_);
    return fingerprint;
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    const CheckpointFiles& from = files();
    return form_->inputs(prompts, from, info().max_tokens);
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    require_utf8(prompts);
    std::vector<std::vector<int64_t>> rows;
    rows.reserve(prompts.size());
    for (const Prompt& prompt : prompts) rows.push_back(form_->ids(prompt.text, files(), with_specials));
    return rows;
  }

  std::vector<std::string> own_poolings() const override {
    // What a checkpoint makes of its tokens it makes of the last layer's.
    if (!files_ || layer_ != Transformer::kFinal || !path_exists(files_->path())) return {};
    return checkpoint_poolings(files());
  }
  OwnPooling own_pooling(const std::string& name) const override { return checkpoint_pooling(files(), *form_, name); }

 private:
  /// What an option says, else what the files say, else the family's.
  int64_t most_tokens() const {
    if (names_max_tokens_ || package_ || !files_ || !path_exists(files_->path())) return max_tokens_;
    const int64_t said = files_->max_tokens();
    return said > 0 ? std::min(said, max_tokens_) : max_tokens_;
  }

  const CheckpointFiles& files() const {
    if (!files_) {
      fail_missing(
          "encoder '{}' has no weights of its own; name a checkpoint: {}:/path/to/folder or {}:/path/to/file.gguf",
          family_.name, family_.name, family_.name);
    }
    if (package_) require_package_file(package_->id);
    if (!checked_ && !family_.model_types.empty()) {
      const std::string type = files_->model_type();
      if (std::find(family_.model_types.begin(), family_.model_types.end(), type) == family_.model_types.end()) {
        fail_input("{}: its model_type is '{}', encoder '{}' takes {}", files_->path().string(), type, family_.name,
                   fmt::join(family_.model_types, ", "));
      }
    }
    checked_ = true;
    return *files_;
  }

  std::unique_ptr<Transformer> load() const override {
    files();
    // Hashed while the weights are read: a damaged file must not pass for the pinned one.
    std::future<std::string> found;
    if (package_) found = std::async(std::launch::async, [this] { return sha256_file(package_->path); });
    auto model = std::make_unique<Transformer>(files().load(precision_ == "bf16" ? at::kBFloat16 : at::kFloat,
                                                            /*whole_table=*/trainable_ || !values_.empty()));
    if (package_) {
      if (const std::string sha256 = found.get(); sha256 != package_->sha256) {
        fail_input("{} is damaged: its sha256 is {}, not {}; delete it and run: {}", package_->path.string(), sha256,
                   package_->sha256, package_->how_to_get());
      }
    }
    if (layer_ > model->config().num_layers) {
      fail_input("{}: encoder '{}': 'layer' is {}, the model has {}", layer_place_, family_.name, layer_,
                 model->config().num_layers);
    }
    return model;
  }

  PretrainedFamily family_;
  int64_t max_tokens_;
  bool names_max_tokens_ = false;
  std::string precision_, layer_place_;
  bool own_tokenizer_ = false;      ///< another than the checkpoint's
  std::optional<PromptForm> form_;  ///< always there once constructed
  std::optional<PackageFile> package_;
  std::optional<CheckpointFiles> files_;
  // Filled on first use.
  mutable bool checked_ = false;
};

}  // namespace

std::unique_ptr<Encoder> make_pretrained(const PretrainedFamily& family, const Options& options,
                                         const EncoderContext& context) {
  return std::make_unique<PretrainedEncoder>(family, options, context);
}

}  // namespace emf
