// SPDX-License-Identifier: Apache-2.0
// Features that were made elsewhere: conditions of any model and library, read from a file by their text.
#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "harness/api/encoder.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/sha256.h"
#include "harness/tensor/safetensors_file.h"

namespace emf {
namespace {

/// Ids are the text's place among the file's tensors, once for each of its tokens.
class FeatureFile : public Encoder {
 public:
  explicit FeatureFile(const Options& options) {
    ConfigReader reader(options);
    path_ = reader.text("argument", "", "safetensors file of features by text, behind the colon");
    max_tokens_ = reader.integer("max_tokens", 1 << 20, 1, 1 << 20, "tokens of a text at most [tokens]");
    reader.finish();
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "features";
    info.family = "file";
    info.summary = "token features from a safetensors file, by their text";
    info.source = path_.empty() ? "a file of yours: features:/path/to/file.safetensors" : path_.filename().string();
    info.weights_path = path_.string();
    info.weights_present = !path_.empty() && path_exists(path_);
    info.max_tokens = max_tokens_;
    if (!info.weights_present) return info;
    info.dimension = open().dimension;
    info.max_tokens = std::min(max_tokens_, open().longest);
    info.weights_sha256 = sha256();
    return info;
  }

  Json fingerprint() const override {
    return {{"encoder", "features"}, {"version", 1}, {"features", sha256()}, {"max_tokens", max_tokens_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    const int64_t most = info().max_tokens;
    const std::vector<std::vector<int64_t>> rows = tokenize(prompts, true);
    TokenInputs inputs = padded_inputs(rows, most);
    for (const auto& row : rows) inputs.num_cut += static_cast<int64_t>(row.size()) > most ? 1 : 0;
    return inputs;
  }

  std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool) const override {
    require_utf8(prompts);
    std::vector<std::vector<int64_t>> rows;
    for (const Prompt& prompt : prompts) {
      const int64_t place = place_of(prompt.text);
      const int64_t length = entry(place).shape[0];
      rows.emplace_back(static_cast<size_t>(length), place);
    }
    return rows;
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const int64_t batch = inputs.ids.size(0), length = inputs.ids.size(1), dimension = open().dimension;
    const at::Tensor tokens = at::zeros({batch, length, dimension}, at::kFloat);
    const at::Tensor counts = inputs.mask.sum(1);
    for (int64_t i = 0; i < batch; ++i) {
      const int64_t place = inputs.ids[i][0].item<int64_t>(), count = counts[i].item<int64_t>();
      if (place < 0 || place >= static_cast<int64_t>(open().names.size())) {
        fail_input("{}: id {} is none of its {} texts", path_.string(), place, open().names.size());
      }
      const std::string& name = open().names[static_cast<size_t>(place)];
      const at::Tensor all = open().file.tensor(name, entry(place).shape);
      if (count > all.size(0)) fail_input("{}: {} tokens of a text with {}", path_.string(), count, all.size(0));
      tokens[i].narrow(0, 0, count).copy_(all.narrow(0, 0, count));
    }
    return {tokens, inputs.mask};
  }

 private:
  struct Opened {
    SafetensorsFile file;
    std::vector<std::string> names;  ///< sorted
    int64_t dimension = 0, longest = 0;
  };

  const Opened& open() const {
    if (opened_) return *opened_;
    if (path_.empty()) {
      fail_missing("encoder 'features' has no features of its own; name a file: features:/path/to/file.safetensors");
    }
    auto opened = std::make_unique<Opened>(Opened{SafetensorsFile(path_), {}, 0, 0});
    for (const auto& [name, one] : opened->file.entries()) {
      if (one.shape.size() != 2 || one.shape[0] < 1 || one.shape[1] < 1) {
        fail_input("{}: '{}' is not [tokens, dimension] with a token at least", path_.string(), name);
      }
      if (opened->dimension == 0) opened->dimension = one.shape[1];
      if (one.shape[1] != opened->dimension) {
        fail_input("{}: '{}' has dimension {}, the texts before it have {}", path_.string(), name, one.shape[1],
                   opened->dimension);
      }
      opened->longest = std::max(opened->longest, one.shape[0]);
      opened->names.push_back(name);
    }
    if (opened->names.empty()) fail_input("{}: it holds no features", path_.string());
    opened_ = std::move(opened);
    return *opened_;
  }

  const SafetensorsEntry& entry(int64_t place) const {
    return open().file.entry(open().names[static_cast<size_t>(place)]);
  }

  /// By the text itself, or by its SHA-256 where a text is no name (longer than 1,024 bytes, with line breaks).
  int64_t place_of(const std::string& text) const {
    const std::vector<std::string>& names = open().names;
    for (const std::string& name : {text, sha256_hex(text)}) {
      const auto found = std::lower_bound(names.begin(), names.end(), name);
      if (found != names.end() && *found == name) return found - names.begin();
    }
    fail_input(
        "{}: no features of the text {}, neither by itself nor by its SHA-256; make them and add them to the "
        "file (emfbench plan SUITE --texts FILE.jsonl lists what a suite asks for)",
        path_.string(), Json(text.substr(0, 200)).dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  std::string sha256() const {
    open();
    if (sha256_.empty()) sha256_ = sha256_file(path_);
    return sha256_;
  }

  std::filesystem::path path_;
  int64_t max_tokens_;
  mutable std::unique_ptr<const Opened> opened_;
  mutable std::string sha256_;
};

std::unique_ptr<Encoder> make_features(const Options& options, const EncoderContext&) {
  return std::make_unique<FeatureFile>(options);
}

EMF_REGISTER(EncoderRegistry, "features", "Features made elsewhere, by their text: features:/path/to/file.safetensors",
             make_features, {.title = "Features of a file"});

}  // namespace
}  // namespace emf
