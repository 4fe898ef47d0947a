// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/checkpoint_layout.h"

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "encoders/pretrained/sentence_modules.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/json.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kOpenClip = "open_clip_config.json";
constexpr const char* kTextEncoder = "text_encoder";

bool holds_tokenizer(const fs::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "vocab.json", "vocab.txt", "merges.txt",
                           "spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}) {
    if (path_exists(folder / name)) return true;
  }
  return false;
}

/// diffusers puts text_encoder_2's tokenizer into tokenizer_2 beside it.
fs::path tokenizer_of(const fs::path& model, const fs::path& whole) {
  if (holds_tokenizer(model)) return model;
  const std::string name = model.filename().string();
  if (name.starts_with(kTextEncoder)) {
    const fs::path beside = model.parent_path() / ("tokenizer" + name.substr(std::string(kTextEncoder).size()));
    if (is_folder(beside)) return beside;
  }
  return holds_tokenizer(whole) ? whole : model;
}

/// The first module of a sentence encoder is its transformer.
fs::path sentence_transformer(const fs::path& folder) {
  const fs::path list = folder / "modules.json";
  if (!path_exists(list)) return folder / "0_Transformer";
  const Json modules = read_json(list);
  const bool sound = modules.is_array() && !modules.empty() && modules[0].is_object() && modules[0].contains("path") &&
                     modules[0]["path"].is_string();
  if (!sound) fail_input("{}: no list of modules, each with a path", list.string());
  const std::string path = modules[0]["path"];
  if (path.find("..") != std::string::npos || path.starts_with("/")) {
    fail_input("{}: the path {} leads out of the folder", list.string(), Json(path).dump());
  }
  return path.empty() ? folder : folder / path;
}

/// @return  an empty path where the folder is no pipeline.
fs::path only_text_encoder(const fs::path& folder) {
  std::vector<std::string> found;
  for (const std::filesystem::path& entry : files_in(folder)) {
    const std::string name = entry.filename().string();
    if (name.starts_with(kTextEncoder) && path_exists(entry / kConfig)) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) return {};
  if (found.size() > 1) {
    fail_input("{}: a pipeline with several text encoders; name one of them: {}/{}", folder.string(), folder.string(),
               fmt::join(found, fmt::format(", {}/", folder.string())));
  }
  return folder / found[0];
}

/// For what looks like a name on the hub, "openai/clip-vit-large-patch14": the line that fetches it.
std::string download_hint(const fs::path& name) {
  static const std::regex hub_name("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");
  if (!std::regex_match(name.string(), hub_name)) return "";
  return fmt::format("; if it is a model of the hub: hf download {} --local-dir {}", name.string(), name.string());
}

}  // namespace

CheckpointLayout checkpoint_layout(const fs::path& folder) {
  if (!is_folder(folder)) {
    if (!path_exists(folder)) {
      fail_missing("{} is absent; name a folder in Hugging Face layout or a .gguf file{}", folder.string(),
                   download_hint(folder));
    }
    fail_input("{} is neither a folder in Hugging Face layout nor a .gguf file", folder.string());
  }
  // A folder named with a slash at its end has no name of its own.
  const fs::path whole = folder.filename().empty() ? folder.parent_path() : folder;
  fs::path model = whole;
  if (!path_exists(model / kConfig) && !path_exists(model / kOpenClip)) {
    model = sentence_transformer(whole);
    if (!path_exists(model / kConfig)) model = only_text_encoder(whole);
  }
  if (model.empty()) {
    fail_missing("{} is absent; a folder in Hugging Face layout has one", (whole / kConfig).string());
  }
  // OpenCLIP's files may carry both; its weights have its own names unless transformers saved them.
  const bool is_open_clip = path_exists(model / kOpenClip) && !path_exists(model / "model.safetensors");
  return {model, model / (is_open_clip ? kOpenClip : kConfig), tokenizer_of(model, whole),
          has_sentence_modules(whole) ? whole : fs::path()};
}

}  // namespace emf
