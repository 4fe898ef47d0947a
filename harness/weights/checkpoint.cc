// SPDX-License-Identifier: Apache-2.0
// Opens checkpoints as Hugging Face lays them out.
#include "harness/weights/checkpoint.h"

#include <algorithm>
#include <regex>

#include <fmt/ranges.h>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kOpenClip = "open_clip_model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

/// "model.fp16.safetensors", "model.safetensors.index.fp16.json": the same weights in another precision.
bool is_variant(const std::string& name) {
  static const std::regex pattern(
      R"(model\.[A-Za-z0-9_]+\.safetensors|model\.safetensors\.index\.[A-Za-z0-9_]+\.json)");
  return std::regex_match(name, pattern);
}

std::filesystem::path file_in(const std::filesystem::path& path) {
  if (!is_folder(path)) return path;
  for (const char* name : {kSingle, kIndex, kOpenClip}) {
    if (path_exists(path / name)) return path / name;
  }
  std::vector<std::string> variants, others, pickles;
  for (const std::filesystem::path& entry : files_in(path)) {
    const std::string name = entry.filename().string(), extension = entry.extension().string();
    if (is_variant(name)) variants.push_back(name);
    if (extension == ".safetensors" && !name.starts_with("adapter_")) others.push_back(name);
    if (extension == ".bin" || extension == ".pt" || extension == ".pth") pickles.push_back(name);
  }
  if (variants.empty()) variants = others;
  std::sort(variants.begin(), variants.end());
  std::sort(pickles.begin(), pickles.end());
  if (variants.size() == 1) return path / variants[0];
  if (variants.size() > 1) {
    fail_input("{} holds {}: which are the weights cannot be told; leave one, as {}", path.string(),
               fmt::join(variants, ", "), kSingle);
  }
  if (!pickles.empty()) {
    fail_input(
        "{}: its weights are pickled ({}), which may run code when it is read; convert them once: python3 "
        "data/checkpoint_to_safetensors.py {}",
        path.string(), fmt::join(pickles, ", "), path.string());
  }
  fail_missing("{} holds neither {} nor {}; save the model there with save_pretrained(safe_serialization=True)",
               path.string(), kSingle, kIndex);
}

/// A shard stands beside its index: an index must not reach for other files.
bool is_plain_file_name(const std::string& name) {
  const bool printable = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20; });
  return printable && !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& folder_or_file) : path_(file_in(folder_or_file)) {
  if (path_.extension() == ".json") {
    open_index();
    return;
  }
  const auto file = std::make_shared<const SafetensorsFile>(path_);
  shards_[path_.filename()] = file;
  for (const std::string& name : file->names()) shard_of_[name] = file;
}

void Checkpoint::open_index() {
  const Json index = read_json(path_);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object() ||
      index["weight_map"].empty()) {
    fail_input("{}: no 'weight_map' from tensor names to shards; fetch it again", path_.string());
  }
  for (const auto& [name, value] : index["weight_map"].items()) {
    if (!value.is_string() || !is_plain_file_name(value.get<std::string>())) {
      fail_input("{}: tensor {} is in {}, not the name of a file beside the index", path_.string(), Json(name).dump(),
                 value.dump());
    }
    const std::string shard = value;
    const std::filesystem::path file = path_.parent_path() / shard;
    auto& opened = shards_[shard];
    if (!opened) {
      if (!path_exists(file)) {
        fail_missing("{} is absent, and {} says it holds tensor {}; fetch every shard", file.string(),
                     path_.filename().string(), Json(name).dump());
      }
      opened = std::make_shared<const SafetensorsFile>(file);
    }
    if (!opened->has(name)) {
      fail_input("{}: tensor {} is absent, and {} says it is here; fetch both again", file.string(), Json(name).dump(),
                 path_.filename().string());
    }
    shard_of_[name] = opened;
  }
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  for (const auto& [name, shard] : shard_of_) names.push_back(name);
  return names;
}

const SafetensorsFile& Checkpoint::file_of(const std::string& name) const {
  const auto found = shard_of_.find(name);
  if (found == shard_of_.end()) {
    const std::string near = near_name(name, names());
    fail_input("{}: tensor '{}' is absent{}", path_.string(), name,
               near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  return *found->second;
}

const std::vector<int64_t>& Checkpoint::shape(const std::string& name) const { return file_of(name).entry(name).shape; }

at::Tensor Checkpoint::tensor(const std::string& name, at::IntArrayRef shape) const {
  return file_of(name).tensor(name, shape);
}

RowReader Checkpoint::rows(const std::string& name, int64_t num_rows, int64_t row_size) const {
  return file_of(name).rows(name, num_rows, row_size);
}

std::string Checkpoint::sha256() const {
  if (path_.extension() != ".json") return sha256_file(path_);
  std::string lines;
  for (const auto& [name, shard] : shards_) lines += sha256_file(shard->path()) + "  " + name + "\n";
  return sha256_hex(lines);
}

void Checkpoint::release() const {
  for (const auto& [name, shard] : shards_) shard->release();
}

}  // namespace emf
