// A language model's hidden states: SmolLM2-135M-Instruct, or any Llama checkpoint in GGUF form.
#include <future>

#include "encoders/tokenizers/gguf_tokenizer.h"
#include "encoders/transformer/llama_gguf.h"
#include "harness/api/encoder.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

constexpr const char* kPackageFile = "smollm2-135m-instruct-q4_1";
// <|endoftext|>: an empty text needs one token to be encoded at all, and the checkpoint has no BOS.
constexpr int64_t kEmptyTextId = 0;

class Llm : public Encoder {
 public:
  explicit Llm(const Json& options) {
    const Config config = encoder_options(options, "llm");
    ConfigReader reader(config, "");
    const std::string weights = reader.text("weights", "");
    layer_ = reader.integer("layer", Transformer::kFinal, Transformer::kFinal, 1024);
    max_tokens_ = reader.integer("max_tokens", 2048, 1, 1 << 20);
    reader.finish();
    if (weights.empty()) {
      const PackageFile package = package_file(kPackageFile);
      path_ = package.path;
      sha256_ = package.sha256;
      licence_ = package.licence;
    } else {
      is_package_ = false;
      path_ = weights;
      sha256_ = sha256_file(path_);
    }
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "llm";
    info.family = "llama";
    info.summary = "hidden states of a language model after its final norm";
    info.licence = licence_;
    info.weights_path = path_.string();
    info.weights_sha256 = sha256_;
    info.weights_present = std::filesystem::exists(path_);
    info.max_tokens = max_tokens_;
    if (is_package_) {
      // Facts of the pinned file, so that listing works without it.
      info.source =
          "SmolLM2-135M-Instruct, Q4_1 (Allal et al. 2025), from " + package_file(kPackageFile).package;
      info.num_parameters = 134'515'008;
      info.dimension = 576;
      info.max_tokens = std::min<int64_t>(max_tokens_, 8192);
    } else {
      const TransformerConfig config = llama_config(file());
      info.source = path_.filename().string();
      info.dimension = config.hidden;
      info.max_tokens = std::min(max_tokens_, config.context);
      for (const auto& [name, tensor] : file().tensors())
        info.num_parameters += tensor.num_rows * tensor.row_size;
    }
    return info;
  }

  Json fingerprint() const override {
    return {{"encoder", "llm"},    {"version", 1},    {"weights", sha256_},
            {"precision", "fp32"}, {"layer", layer_}, {"max_tokens", max_tokens_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    std::vector<std::vector<int64_t>> rows = tokenize(prompts, true);
    for (auto& row : rows) {
      if (row.empty()) row.push_back(kEmptyTextId);
    }
    return padded_inputs(rows, info().max_tokens);
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts,
                                             bool with_specials) const override {
    require_utf8(prompts);
    if (!tokenizer_) tokenizer_ = gguf_tokenizer(file());
    std::vector<std::vector<int64_t>> rows;
    rows.reserve(prompts.size());
    for (const Prompt& prompt : prompts) rows.push_back(tokenizer_->encode(prompt.text, with_specials));
    return rows;
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::NoGradGuard frozen;
    return model().forward(inputs, layer_);
  }

 private:
  const GgufFile& file() const {
    if (!file_) {
      if (is_package_) require_package_file(kPackageFile);
      file_ = std::make_shared<const GgufFile>(path_);
    }
    return *file_;
  }

  const Transformer& model() const {
    if (!model_) {
      file();
      // Hashed while the weights are read: a damaged file must not pass for the pinned one.
      std::future<std::string> found = std::async(std::launch::async, [this] { return sha256_file(path_); });
      auto model = std::make_unique<const Transformer>(load_llama(file_));
      if (const std::string sha256 = found.get(); sha256 != sha256_) {
        fail_input("{} is damaged: its sha256 is {}, not {}; delete it and run: ./emfbench setup",
                   path_.string(), sha256, sha256_);
      }
      if (layer_ > model->config().num_layers) {
        fail_input("options of encoder 'llm': 'layer' is {}, the model has {}", layer_,
                   model->config().num_layers);
      }
      model_ = std::move(model);
    }
    return *model_;
  }

  std::filesystem::path path_;
  std::string sha256_, licence_;
  bool is_package_ = true;
  int64_t layer_, max_tokens_;
  // Filled on first use.
  mutable std::shared_ptr<const GgufFile> file_;
  mutable std::unique_ptr<const Tokenizer> tokenizer_;
  mutable std::unique_ptr<const Transformer> model_;
};

std::unique_ptr<Encoder> make_llm(const Json& options, uint64_t) { return std::make_unique<Llm>(options); }

EMF_REGISTER(EncoderRegistry, "llm",
             "Language model: SmolLM2-135M-Instruct, hidden states after the final norm", make_llm);

}  // namespace
}  // namespace emf
