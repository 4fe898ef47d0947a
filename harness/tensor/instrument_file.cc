// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/instrument_file.h"

#include <ATen/ATen.h>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"

namespace emf {

namespace {

constexpr const char* kSchema = "emf.instrument/1";

/// Holds a file against the list beside it: half of a file, or one changed bit, would measure all suites with another
/// ruler. A file that no list names is as its maker left it.
void require_listed(const std::filesystem::path& path, const std::string& sha256) {
  const std::filesystem::path index = path.parent_path() / "instruments.json";
  std::error_code absent;
  if (!std::filesystem::is_regular_file(index, absent)) return;
  const Json listed = read_json(index);
  for (const Json& row : listed.value("instruments", Json::array())) {
    if (row.value("file", "") != path.filename() || row.value("sha256", "") == sha256) continue;
    fail_input(
        "{} is damaged: its sha256 is {}.., {} says {}..; restore it from the repository, or train it again with: "
        "emfbench run instruments --install",
        path.string(), sha256.substr(0, 12), index.string(), row.value("sha256", "").substr(0, 12));
  }
}

}  // namespace

InstrumentFile read_instrument(const std::filesystem::path& path, const std::string& kind) {
  if (!path_exists(path)) {
    fail_missing(
        "the {} is missing at {}: restore it from the repository, or train it with: emfbench "
        "run instruments",
        kind, path.string());
  }
  InstrumentFile file;
  file.origin = path.string();
  file.sha256 = sha256_file(path);
  require_listed(path, file.sha256);
  TensorMetadata metadata;
  file.tensors = read_safetensors(path, &metadata);
  if (metadata["schema"] != kSchema || metadata["kind"] != kind) {
    fail_input("{} is not {} instrument of this program (schema '{}', kind '{}'; expected '{}', '{}')", path.string(),
               kind == "autoencoder" ? "an autoencoder" : "a " + kind, metadata["schema"], metadata["kind"], kSchema,
               kind);
  }
  file.facts = parse_json(metadata["facts"], path.string() + " (facts)");
  for (auto& [name, value] : file.tensors) value = value.to(at::kFloat);
  return file;
}

void write_instrument(const std::filesystem::path& path, const std::string& kind, const NamedTensors& tensors,
                      const Json& facts) {
  NamedTensors stored;
  for (const auto& [name, value] : tensors) {
    stored[name] = value.detach().to(value.dim() == 4 ? at::kHalf : at::kFloat).contiguous();
  }
  write_safetensors(path, stored, {{"schema", kSchema}, {"kind", kind}, {"facts", canonical_json(facts)}});
}

std::filesystem::path instruments_folder() { return project_root() / "data" / "instruments"; }

}  // namespace emf
