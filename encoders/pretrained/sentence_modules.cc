// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/sentence_modules.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/weights/checkpoint.h"
#include "harness/weights/checkpoint_config.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char *kModules = "modules.json", *kPoolingConfig = "1_Pooling/config.json";

/// Names that sentence_bert_config.json has had.
fs::path transformer_config(const fs::path& model) {
  for (const char* kind : {"bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"}) {
    const fs::path path = model / (std::string("sentence_") + kind + "_config.json");
    if (path_exists(path)) return path;
  }
  return {};
}

CheckpointConfig config_of(Json values, const fs::path& path) {
  if (!values.is_object()) fail_input("{}: not an object", path.string());
  return {std::move(values), path.string()};
}

/// Keys that nobody read, with something in them.
void refuse_rest(const CheckpointConfig& config) {
  for (const std::string& key : config.unread()) {
    const Json value = config.values().value(key, Json());
    if ((value.is_object() || value.is_array()) && value.empty()) continue;
    config.refuse("it says '" + key + "'");
  }
}

/// A module as the list has it.
struct Listed {
  std::string kind;
  fs::path folder;
};

std::vector<Listed> listed_modules(const fs::path& folder, const Json& list) {
  std::vector<Listed> modules;
  const std::string where = (folder / kModules).string();
  if (!list.is_array()) fail_input("{}: not a list of modules", where);
  for (const Json& item : list) {
    const CheckpointConfig module = config_of(item, folder / kModules);
    const std::string type = module.text("type", ""), path = module.text("path", "");
    if (path.find("..") != std::string::npos || path.starts_with("/")) {
      fail_input("{}: the path {} leads out of the folder", where, Json(path).dump());
    }
    if (!type.starts_with("sentence_transformers.")) {
      fail_input("{}: the module {} is code of the model's own, which is never run here; name another pooling", where,
                 Json(type).dump());
    }
    modules.push_back({type.substr(type.rfind('.') + 1), path.empty() ? folder : folder / path});
  }
  return modules;
}

/// Folders named after their place and kind, of files without a list.
std::vector<Listed> numbered_modules(const fs::path& folder) {
  std::map<int, Listed> found;
  for (const std::filesystem::path& entry : files_in(folder)) {
    const std::string name = entry.filename().string();
    const size_t mark = name.find('_');
    if (!is_folder(entry) || mark == 0 || mark > 2 || name.find_first_not_of("0123456789") != mark) continue;
    found[std::stoi(name.substr(0, mark))] = {name.substr(mark + 1), entry};
  }
  std::vector<Listed> modules;
  if (found.empty() || found.begin()->first != 0) modules.push_back({"Transformer", folder});
  for (auto& [place, module] : found) modules.push_back(std::move(module));
  return modules;
}

at::Tensor activated(const std::string& name, const at::Tensor& x) {
  if (name == "Identity") return x;
  if (name == "Tanh") return x.tanh();
  if (name == "ReLU") return x.relu();
  if (name == "GELU") return at::gelu(x);
  if (name == "SiLU") return at::silu(x);
  ensure(name == "Sigmoid", "the activation '{}'", name);
  return x.sigmoid();
}

/// One vector of a row's real tokens.
at::Tensor pooled(const std::string& mode, const TextFeatures& features) {
  const at::Tensor& tokens = features.tokens;
  const at::Tensor real = features.mask.unsqueeze(-1).to(at::kFloat), count = real.sum(1);
  const auto token_at = [&](const at::Tensor& place) {
    return tokens.gather(1, place.view({-1, 1, 1}).expand({-1, 1, tokens.size(2)})).squeeze(1);
  };
  if (mode == "cls") return token_at(features.mask.to(at::kLong).argmax(1));
  if (mode == "lasttoken") {
    return token_at(features.mask.mul(at::arange(1, tokens.size(1) + 1, at::kLong)).argmax(1));
  }
  if (mode == "max") return tokens.masked_fill(real == 0, -INFINITY).amax(1);
  if (mode == "mean") return (tokens * real).sum(1) / count;
  if (mode == "mean_sqrt_len_tokens") return (tokens * real).sum(1) / count.sqrt();
  ensure(mode == "weightedmean", "the pooling '{}'", mode);
  // The first real token weighs 1, the next 2.
  const at::Tensor weight = real * features.mask.cumsum(1).unsqueeze(-1);
  return (tokens * weight).sum(1) / weight.sum(1);
}

}  // namespace

bool has_sentence_modules(const fs::path& folder) {
  return path_exists(folder / kModules) || path_exists(folder / kPoolingConfig);
}

int64_t sentence_max_tokens(const fs::path& model) {
  const fs::path path = transformer_config(model);
  if (path.empty()) return 0;
  const CheckpointConfig config = config_of(read_json(path), path);
  return config.has("max_seq_length") ? config.size("max_seq_length") : 0;
}

Json SentenceModules::read(const fs::path& path) {
  identity_[path.lexically_relative(folder_).string()] = sha256_file(path);
  return read_json(path);
}

SentenceModules::SentenceModules(const fs::path& folder) : folder_(folder) {
  const fs::path list = folder / kModules;
  const std::vector<Listed> modules = path_exists(list) ? listed_modules(folder, read(list)) : numbered_modules(folder);
  const std::string where = path_exists(list) ? list.string() : folder.string();
  for (size_t i = 0; i < modules.size(); ++i) {
    const auto& [kind, path] = modules[i];
    const char* expected = i == 0 ? "Transformer" : i == 1 ? "Pooling" : nullptr;
    if (expected != nullptr && kind != expected) {
      fail_input("{}: module {} is a {}, not a {}, which is not built here; name another pooling", where, i, kind,
                 expected);
    }
    if (kind == "Transformer") {
      read_transformer(path);
    } else if (kind == "Pooling") {
      read_pooling(path / "config.json");
    } else if (kind == "Dense") {
      read_dense(path);
    } else if (kind == "Normalize") {
      if (path_exists(path / "config.json")) {
        const CheckpointConfig config = config_of(read(path / "config.json"), path / "config.json");
        for (const char* key : {"module_input_name", "module_output_name"}) {
          if (config.text(key, "sentence_embedding") != "sentence_embedding") config.refuse("its " + std::string(key));
        }
        refuse_rest(config);
      }
      steps_.push_back({Step::Kind::kNormalize, {}, {}, {}, false, "", path.string()});
    } else if (kind != "Dropout") {  // which does nothing but in training
      fail_input("{}: module {} is a {}, which is not built here; name another pooling", where, i, kind);
    }
  }
  if (modes_.empty()) fail_input("{}: no Pooling stands behind the transformer; name a pooling", where);
  read_model(folder);
}

void SentenceModules::read_transformer(const fs::path& model) {
  const fs::path path = transformer_config(model);
  if (path.empty()) return;
  const CheckpointConfig config = config_of(read(path), path);
  config.has("max_seq_length");  // sentence_max_tokens
  lowers_text_ = config.flag("do_lower_case", false);
  if (config.text("transformer_task", "feature-extraction") != "feature-extraction") {
    config.refuse("its transformer_task is '" + config.text("transformer_task", "") + "'");
  }
  if (config.text("module_output_name", "token_embeddings") != "token_embeddings")
    config.refuse("its module_output_name");
  if (config.has("modality_config")) {
    // A chat template beside plain text is for conversations; texts go in as they are.
    const CheckpointConfig text = config.table("modality_config").table("text");
    if (text.text("method", "") != "forward" || text.text("method_output_name", "") != "last_hidden_state") {
      config.refuse("its modality_config gives no hidden states of text");
    }
    for (const auto& [key, value] : config.values().at("modality_config").items()) {
      config.table("modality_config").has(key);
    }
  }
  if (config.has("unpad_inputs")) config.flag("unpad_inputs", false);  // the same numbers, laid out otherwise
  refuse_rest(config);
}

void SentenceModules::read_model(const fs::path& folder) {
  const fs::path path = folder / "config_sentence_transformers.json";
  if (!path_exists(path)) return;
  const CheckpointConfig config = config_of(read(path), path);
  const std::string type = config.text("model_type", "SentenceTransformer");
  if (type != "SentenceTransformer") config.refuse("its model_type is '" + type + "'");
  for (const char* key : {"__version__", "similarity_fn_name", "requirements"}) config.has(key);
  const CheckpointConfig prompts = config.table("prompts");
  if (config.has("default_prompt_name")) prompt_ = prompts.text(config.text("default_prompt_name", ""), "");
  for (const auto& [key, value] : prompts.values().items()) prompts.has(key);  // for callers that name one
  if (config.has("truncate_dim")) truncated_ = config.size("truncate_dim");
  refuse_rest(config);
}

void SentenceModules::read_pooling(const fs::path& path) {
  const CheckpointConfig config = config_of(read(path), path);
  const std::pair<const char*, const char*> older[] = {{"pooling_mode_cls_token", "cls"},
                                                       {"pooling_mode_max_tokens", "max"},
                                                       {"pooling_mode_mean_tokens", "mean"},
                                                       {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
                                                       {"pooling_mode_weightedmean_tokens", "weightedmean"},
                                                       {"pooling_mode_lasttoken", "lasttoken"}};
  std::vector<std::string> modes;
  for (const auto& [key, mode] : older) {
    if (config.flag(key, false)) modes.emplace_back(mode);
  }
  if (config.has("pooling_mode")) {
    const Json& mode = config.values().at("pooling_mode");
    modes = mode.is_array() ? config.texts("pooling_mode") : std::vector<std::string>{config.text("pooling_mode", "")};
  }
  if (modes.empty()) modes = {"mean"};
  for (const std::string& mode : modes) {
    if (std::none_of(std::begin(older), std::end(older), [&](const auto& one) { return mode == one.second; })) {
      config.refuse("its pooling_mode is '" + mode + "'");
    }
  }
  counts_prompt_ = config.flag("include_prompt", true);
  for (const char* key : {"word_embedding_dimension", "embedding_dimension"}) config.has(key);
  refuse_rest(config);
  if (!modes_.empty()) config.refuse("a second Pooling");
  modes_ = std::move(modes);
}

void SentenceModules::read_dense(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const CheckpointConfig config = config_of(read(path), path);
  const int64_t in = config.size("in_features"), out = config.size("out_features");
  Step step{Step::Kind::kDense, {}, {}, {}, config.flag("use_residual", false), "", folder.string()};
  const std::string name = config.text("activation_function", "torch.nn.modules.activation.Tanh");
  step.activation = name.substr(name.rfind('.') + 1);
  static const std::vector<std::string> known = {"Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid"};
  if (!name.starts_with("torch.nn.") || std::find(known.begin(), known.end(), step.activation) == known.end()) {
    config.refuse("its activation_function is '" + name + "'");
  }
  for (const char* key : {"module_input_name", "module_output_name"}) {
    if (config.text(key, "sentence_embedding") != "sentence_embedding") config.refuse("its " + std::string(key));
  }
  const Checkpoint weights(folder);
  identity_[weights.path().lexically_relative(folder_).string()] = weights.sha256();
  step.weight = weights.tensor("linear.weight", {out, in});
  if (config.flag("bias", true)) step.bias = weights.tensor("linear.bias", {out});
  if (step.adds_input && in != out) step.residual = weights.tensor("residual.weight", {out, in});
  refuse_rest(config);
  steps_.push_back(std::move(step));
}

at::Tensor SentenceModules::operator()(const TextFeatures& features) const {
  const TextFeatures wide{features.tokens.to(at::kFloat), features.mask};
  std::vector<at::Tensor> parts;
  parts.reserve(modes_.size());
  for (const std::string& mode : modes_) parts.push_back(pooled(mode, wide));
  at::Tensor vectors = at::cat(parts, 1);
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::kNormalize) {
      vectors = vectors / vectors.norm(2, {-1}, true).clamp_min(1e-12);
      continue;
    }
    if (step.weight.size(1) != vectors.size(1)) {
      fail_input("{}: it takes {} dimensions, and {} come in", step.where, step.weight.size(1), vectors.size(1));
    }
    const at::Tensor turned = activated(step.activation, at::linear(vectors, step.weight, step.bias));
    if (step.adds_input) {
      vectors = turned + (step.residual.defined() ? at::linear(vectors, step.residual) : vectors);
    } else {
      vectors = turned;
    }
  }
  return truncated_ > 0 && truncated_ < vectors.size(1) ? vectors.narrow(1, 0, truncated_) : vectors;
}

}  // namespace emf
