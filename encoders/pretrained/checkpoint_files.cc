// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/checkpoint_files.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "encoders/architectures/gguf_checkpoint.h"
#include "encoders/architectures/left_over.h"
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/weights/checkpoint.h"

namespace emf {
namespace {

/// A Hugging Face checkpoint as architectures read it.
class CheckpointWeights : public WeightSource {
 public:
  explicit CheckpointWeights(const std::filesystem::path& folder) : checkpoint_(folder) {}
  std::string origin() const override { return checkpoint_.path().string(); }
  std::vector<std::string> names() const override { return checkpoint_.names(); }
  bool has(const std::string& name) const override { return checkpoint_.has(name); }
  std::vector<int64_t> shape(const std::string& name) const override { return checkpoint_.shape(name); }
  void read(const std::string& name, at::IntArrayRef shape, float* out) const override {
    const at::Tensor tensor = checkpoint_.tensor(name, shape);
    std::copy_n(tensor.const_data_ptr<float>(), tensor.numel(), out);
  }
  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const override {
    return checkpoint_.rows(name, num_rows, row_size);
  }
  void release() const override { checkpoint_.release(); }

 private:
  Checkpoint checkpoint_;
};

/// The whole embedding table as one tensor that can be trained.
at::Tensor read_table(const RowReader& rows, int64_t num_rows, int64_t row_size) {
  const at::Tensor table = at::empty({num_rows, row_size}, at::kFloat), ids = at::arange(num_rows);
  rows(ids.data_ptr<int64_t>(), num_rows, table.data_ptr<float>());
  return table;
}

/// As Checkpoint::sha256: the file's, or that of a line a part.
std::string gguf_sha256(const std::vector<std::filesystem::path>& paths) {
  if (paths.size() == 1) return sha256_file(paths[0]);
  std::string lines;
  for (const auto& path : paths) lines += sha256_file(path) + "  " + path.filename().string() + "\n";
  return sha256_hex(lines);
}

}  // namespace

std::shared_ptr<const GgufParts> CheckpointFiles::gguf() const {
  if (!gguf_) gguf_ = std::make_shared<const GgufParts>(path_);
  return gguf_;
}

const CheckpointLayout& CheckpointFiles::layout() const {
  if (!layout_) layout_ = checkpoint_layout(path_);
  return *layout_;
}

const ArchitectureChoice& CheckpointFiles::choice() const {
  if (choice_) return *choice_;
  if (is_gguf()) {
    choice_ = std::make_shared<const ArchitectureChoice>(choose_architecture({gguf_config(*gguf()), path_.string()}));
    return *choice_;
  }
  const std::filesystem::path& config = layout().config;
  const Json values = read_json(config);
  if (!values.is_object()) fail_input("{}: not an object", config.string());
  const bool is_open_clip = config.filename() == "open_clip_config.json";
  choice_ = std::make_shared<const ArchitectureChoice>(choose_architecture(
      is_open_clip ? open_clip_config(values, config.string()) : CheckpointConfig(values, config.string())));
  return *choice_;
}

std::shared_ptr<const WeightSource> CheckpointFiles::weights() const {
  if (!weights_) {
    if (is_gguf()) {
      weights_ = gguf_weights(gguf());
    } else {
      weights_ = std::make_shared<const CheckpointWeights>(layout().model);
    }
  }
  return weights_;
}

std::string CheckpointFiles::model_type() const { return choice().type; }

TransformerConfig CheckpointFiles::sizes() const { return choice().architecture->config(choice().config); }

int64_t CheckpointFiles::num_parameters() const {
  const TransformerConfig sizes = this->sizes();
  const int64_t attention = sizes.hidden * sizes.head_size * 2 * (sizes.num_heads + sizes.num_kv_heads);
  const int64_t mlp = (sizes.gated ? 3 : 2) * sizes.hidden * sizes.mlp;
  const int64_t positions = sizes.positions == PositionKind::kLearned ? sizes.context : 0;
  return sizes.num_layers * (attention + mlp) + (sizes.vocabulary + positions) * sizes.hidden;
}

std::string CheckpointFiles::weights_sha256() const {
  if (weights_sha256_.empty()) {
    choice();  // its errors come first
    weights_sha256_ = is_gguf() ? gguf_sha256(gguf()->paths()) : Checkpoint(layout().model).sha256();
  }
  return weights_sha256_;
}

std::string CheckpointFiles::tokenizer_sha256() const {
  if (is_gguf() && tokenizer_path_.empty()) return "in the weights";
  choice();
  std::set<std::filesystem::path> folders;
  if (!is_gguf()) folders.insert(layout().model);
  const std::filesystem::path tokenizer = tokenizer_path();
  std::vector<std::filesystem::path> files;
  if (is_folder(tokenizer)) {
    folders.insert(tokenizer);
  } else if (tokenizer != path_) {
    files.push_back(tokenizer);
  }
  for (const auto& folder : folders) {
    for (const std::filesystem::path& entry : files_in(folder)) {
      const std::string extension = entry.extension();
      const bool is_index = entry.filename().string().find(".index.") != std::string::npos;
      if (!is_index && (extension == ".json" || extension == ".txt" || extension == ".model" || extension == ".gz"))
        files.push_back(entry);
    }
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const auto& file : files) all += file.filename().string() + " " + sha256_file(file) + "\n";
  return sha256_hex(all);
}

std::filesystem::path CheckpointFiles::tokenizer_path() const {
  if (!tokenizer_path_.empty()) return tokenizer_path_;
  return is_gguf() ? path_ : layout().tokenizer;
}

int64_t CheckpointFiles::max_tokens() const { return has_sentence_modules() ? sentence_max_tokens(layout().model) : 0; }

std::optional<SentenceModules> CheckpointFiles::sentence_modules() const {
  if (!has_sentence_modules()) return std::nullopt;
  return SentenceModules(layout().modules);
}

TextProjection CheckpointFiles::projection() const {
  return choice().architecture->projection(choice().config, sizes(), *weights());
}

std::optional<CheckpointFiles::GgufPooling> CheckpointFiles::gguf_pooling() const {
  if (!is_gguf()) return std::nullopt;
  const GgufFile& file = gguf()->first();
  const std::string key = std::string(file.text("general.architecture")) + ".pooling_type";
  if (!file.has(key)) return std::nullopt;
  // llama.cpp's llama_pooling_type; 4 is of a head that ranks, 0 asks for tokens.
  static const std::map<int64_t, const char*> names = {{1, "mean"}, {2, "first"}, {3, "last"}};
  const auto name = names.find(file.integer(key));
  if (name == names.end()) return std::nullopt;
  GgufPooling pooling{name->second, {}};
  for (const char* tensor : {"dense_2.weight", "dense_3.weight"}) {
    if (!weights()->has(tensor)) continue;
    pooling.products.push_back(at::empty(weights()->shape(tensor), at::kFloat));
    weights()->read(tensor, pooling.products.back().sizes(), pooling.products.back().data_ptr<float>());
  }
  return pooling;
}

std::unique_ptr<Tokenizer> CheckpointFiles::tokenizer(const TokenizerOptions& options) const {
  // OpenCLIP changes a text before these files see it; only its configuration says how.
  const Json cleaning = choice().type == "open_clip" && tokenizer_path_.empty()
                            ? choice().config.values().value("tokenizer_kwargs", Json())
                            : Json();
  if (!cleaning.empty()) {
    fail_input(
        "{}: tokenizer_kwargs are {}, by which OpenCLIP changes texts before it tokenises them, and that is not built "
        "here: encode given ids, or name a tokenizer by the option tokenizer = FILE",
        choice().config.origin(), cleaning.dump());
  }
  return load_tokenizer(tokenizer_path(), options);
}

Transformer CheckpointFiles::load(at::ScalarType precision, bool whole_table) const {
  const TransformerConfig sizes = this->sizes();
  const ReadWeights source(*weights());
  TransformerWeights loaded = choice().architecture->weights(choice().config, sizes, source, precision);
  // Whatever the file says and nobody read would make other features without a word.
  refuse_unread(choice().config);
  refuse_unread(source);
  if (whole_table) loaded.table = read_table(loaded.embed, sizes.vocabulary, sizes.hidden);
  weights()->release();  // all but the embedding's rows are copied now
  return Transformer(sizes, std::move(loaded));
}

}  // namespace emf
