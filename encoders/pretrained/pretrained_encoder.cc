#include "encoders/pretrained/pretrained_encoder.h"

#include <algorithm>
#include <filesystem>
#include <future>

#include <fmt/ranges.h>

#include "encoders/pretrained/checkpoint_files.h"
#include "encoders/transformer/transformer_encoder.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

constexpr const char* kPromptMark = "{prompt}";

class PretrainedEncoder : public TransformerEncoder {
 public:
  PretrainedEncoder(const PretrainedFamily& family, const Options& options) : family_(family) {
    ConfigReader reader(options);
    std::string weights = reader.text("weights", "");
    const std::string argument = reader.text("argument", "");
    layer_ = reader.integer("layer", Transformer::kFinal, Transformer::kFinal, 1024);
    max_tokens_ = reader.integer("max_tokens", family.max_tokens, 4, 1 << 20);
    precision_ = reader.choice("precision", "fp32", {"fp32", "bf16"});
    trainable_ = reader.flag("trainable", false);
    values_ = reader.text("values", "");
    const std::string tokenizer = reader.text("tokenizer", "");
    template_ = reader.text("template", kPromptMark);
    const size_t mark = template_.find(kPromptMark);
    if (mark == std::string::npos || template_.find(kPromptMark, mark + 1) != std::string::npos) {
      fail_input("{}: encoder '{}': a template holds {} once, where the prompt goes", reader.place("template"),
                 family.name, kPromptMark);
    }
    // Whoever names a checkpoint gets the ids of its own software, and a template's marks are meant as marks.
    const bool is_package = weights.empty() && argument.empty() && tokenizer.empty() && !family.package_file.empty();
    marks_are_text_ = is_package && family.marks_are_text && template_ == kPromptMark;
    parses_special_ = reader.flag("parse_special", !marks_are_text_);
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
    info.weights_present = std::filesystem::exists(info.weights_path);
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
      info.max_tokens = std::min(max_tokens_, sizes.context);
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
                        {"max_tokens", max_tokens_},
                        {"trainable", trainable_}};
    if (!package_ || parses_special_ == marks_are_text_) fingerprint["parse_special"] = parses_special_;
    if (!values_.empty()) fingerprint["values"] = sha256_file(values_);
    // Left out where it changes nothing, so that features of before are found again.
    if (template_ != kPromptMark) fingerprint["template"] = template_;
    return fingerprint;
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    std::vector<std::vector<int64_t>> rows = tokenize(prompts, false);
    const SpecialIds marks = tokenizer().specials();
    const int64_t most = info().max_tokens;
    const auto room = static_cast<size_t>(most) -
                      std::min<size_t>(static_cast<size_t>(most), marks.before.size() + marks.after.size());
    int64_t num_cut = 0;
    for (auto& row : rows) {
      if (row.size() > room) {
        row.resize(room);
        ++num_cut;
      }
      row.insert(row.begin(), marks.before.begin(), marks.before.end());
      row.insert(row.end(), marks.after.begin(), marks.after.end());
      if (row.empty()) row.push_back(filler());
    }
    TokenInputs inputs = padded_inputs(rows, most);
    inputs.num_cut = num_cut;
    return inputs;
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const override {
    require_utf8(prompts);
    std::vector<std::vector<int64_t>> rows;
    rows.reserve(prompts.size());
    for (const Prompt& prompt : prompts) {
      std::string text = template_;
      text.replace(text.find(kPromptMark), std::string(kPromptMark).size(), prompt.text);
      rows.push_back(tokenizer().encode(text, with_specials));
      if (with_specials && rows.back().empty()) rows.back().push_back(filler());
    }
    return rows;
  }

 private:
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

  const Tokenizer& tokenizer() const {
    if (!tokenizer_) tokenizer_ = files().tokenizer({.parses_special = parses_special_});
    return *tokenizer_;
  }

  /// A text without any token cannot be encoded: it gets this one.
  int64_t filler() const {
    if (package_ && !own_tokenizer_ && family_.empty_text_id >= 0) return family_.empty_text_id;
    if (const auto id = tokenizer().filler()) return *id;
    fail_input(
        "{}: a prompt has no tokens at all, and the tokenizer names neither a pad nor an end mark to stand for it; "
        "leave "
        "empty prompts out, or name a \"pad_token\" in tokenizer_config.json",
        files_->path().string());
  }

  std::unique_ptr<const Transformer> load() const override {
    files();
    // Hashed while the weights are read: a damaged file must not pass for the pinned one.
    std::future<std::string> found;
    if (package_) found = std::async(std::launch::async, [this] { return sha256_file(package_->path); });
    auto model = std::make_unique<const Transformer>(files().load(precision_ == "bf16" ? at::kBFloat16 : at::kFloat,
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
  std::string precision_, layer_place_, template_;
  bool own_tokenizer_ = false;            ///< another than the checkpoint's
  bool marks_are_text_, parses_special_;  ///< the default's opposite, and what is asked for
  std::optional<PackageFile> package_;
  std::optional<CheckpointFiles> files_;
  // Filled on first use.
  mutable bool checked_ = false;
  mutable std::unique_ptr<const Tokenizer> tokenizer_;
};

}  // namespace

std::unique_ptr<Encoder> make_pretrained(const PretrainedFamily& family, const Options& options,
                                         const EncoderContext&) {
  return std::make_unique<PretrainedEncoder>(family, options);
}

}  // namespace emf
