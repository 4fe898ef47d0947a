// SPDX-License-Identifier: Apache-2.0
#include "harness/weights/gguf_parts.h"

#include <regex>

#include "harness/base/bounded.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr const char* kNumber = "split.no";
constexpr const char* kCount = "split.count";
constexpr int64_t kMostParts = 10000;

/// NAME-00002-of-00003.gguf beside `path`.
std::filesystem::path part_path(const std::filesystem::path& path, int64_t number, int64_t count) {
  static const std::regex ending("-[0-9]{5}-of-[0-9]{5}\\.gguf$");
  const std::string name = path.filename().string();
  std::smatch found;
  if (!std::regex_search(name, found, ending)) {
    fail_input(
        "{}: it is one of {} parts, and its name does not end in -00001-of-{:05}.gguf; name the parts as they "
        "were split",
        path.string(), count, count);
  }
  return path.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", found.prefix().str(), number, count);
}

}  // namespace

GgufParts::GgufParts(const std::filesystem::path& path) {
  parts_.push_back(std::make_unique<const GgufFile>(path));
  const int64_t count = first().has(kCount) ? first().integer(kCount) : 1;
  if (count <= 1) return;
  if (count > kMostParts) fail_input("{}: it is split into {} parts", path.string(), count);
  const int64_t number = first().has(kNumber) ? first().integer(kNumber) : 0;
  if (number != 0) {
    fail_input("{}: it is a later part of a split file; name the first: {}", path.string(),
               part_path(path, 1, count).string());
  }
  for (int64_t i = 1; i < count; ++i) {
    const std::filesystem::path next = part_path(path, i + 1, count);
    if (!path_exists(next)) {
      fail_missing("{} is absent: {} is the first of {} parts; fetch them all", next.string(), path.filename().string(),
                   count);
    }
    parts_.push_back(std::make_unique<const GgufFile>(next));
    const GgufFile& part = *parts_.back();
    if (!part.has(kNumber) || part.integer(kNumber) != i || !part.has(kCount) || part.integer(kCount) != count) {
      fail_input("{}: it is not part {} of {}, as its name says; fetch it again", next.string(), i + 1, count);
    }
  }
}

std::vector<std::filesystem::path> GgufParts::paths() const {
  std::vector<std::filesystem::path> paths;
  for (const auto& part : parts_) paths.push_back(part->path());
  return paths;
}

std::vector<std::string> GgufParts::tensor_names() const {
  std::vector<std::string> names;
  for (const auto& part : parts_) {
    for (const auto& [name, tensor] : part->tensors()) names.push_back(name);
  }
  return names;
}

bool GgufParts::has_tensor(const std::string& name) const { return part_with(name).has_tensor(name); }

const GgufTensor& GgufParts::tensor(const std::string& name) const {
  const GgufFile& part = part_with(name);
  const auto found = part.tensors().find(name);
  if (found == part.tensors().end()) fail_input("{}: tensor '{}' is absent", part.path().string(), name);
  return found->second;
}

const GgufTensor& GgufParts::tensor(const std::string& name, const std::vector<int64_t>& shape) const {
  return part_with(name).tensor(name, shape);
}

void GgufParts::release() const {
  for (const auto& part : parts_) part->release();
}

/// The first where none has it, for its error.
const GgufFile& GgufParts::part_with(const std::string& name) const {
  for (const auto& part : parts_) {
    if (part->has_tensor(name)) return *part;
  }
  return first();
}

}  // namespace emf
