#include "harness/command/feature_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "harness/base/json.h"
#include "harness/base/npy.h"
#include "harness/base/sha256.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr const char* kUsualName = "features";
/// A .npy above this is read block by block where its rows are not needed.
constexpr uintmax_t kLargeBytes = 256u << 20;

struct Place {
  std::filesystem::path file;
  std::string array;  // "" = not named
};

/// A file may have a colon in its own name, so the whole text is tried first.
Place place_of(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(text)) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string chosen(const Place& place, const std::vector<std::string>& names) {
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (!place.array.empty()) {
    if (!has(place.array)) {
      fail_input("{} holds no array '{}'{}", place.file.string(), place.array, suggestion(place.array, names));
    }
    return place.array;
  }
  if (names.size() == 1) return names.front();
  if (has(kUsualName)) return kUsualName;
  if (names.empty()) fail_input("{} holds no arrays", place.file.string());
  fail_input("{} holds {} arrays and none called '{}'; name one as {}:{}", place.file.string(), names.size(),
             kUsualName, place.file.string(), names.front());
}

FeatureMatrix matrix(std::vector<double> values, const std::vector<int64_t>& shape, const std::string& where) {
  if (shape.size() != 2) fail_input("{}: features must be [rows, columns], but have {} axes", where, shape.size());
  return {std::move(values), shape[0], shape[1], Json::object()};
}

FeatureMatrix from_safetensors(const Place& place) {
  TensorMetadata metadata;
  const NamedTensors tensors = read_safetensors(place.file, &metadata);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  const std::string name = chosen(place, names), where = place.file.string() + ":" + name;
  const at::Tensor plain = tensors.at(name).to(at::kDouble).contiguous();
  const double* begin = plain.const_data_ptr<double>();
  FeatureMatrix features = matrix({begin, begin + plain.numel()}, plain.sizes().vec(), where);
  if (const auto identity = metadata.find("identity"); identity != metadata.end()) {
    features.identity = parse_json(identity->second, place.file.string() + " (identity)");
  }
  return features;
}

}  // namespace

FeatureMatrix read_features(const std::string& path) {
  const Place place = place_of(path);
  if (!std::filesystem::exists(place.file)) fail_missing("{} does not exist", place.file.string());
  if (std::filesystem::is_directory(place.file))
    fail_input("{} is a folder, not a file of features", place.file.string());
  const std::string kind = place.file.extension();
  if (kind == ".safetensors") return from_safetensors(place);
  if (kind == ".npz") {
    const std::string name = chosen(place, npz_names(place.file));
    NpyArray array = read_npz(place.file, name);
    return matrix(std::move(array.values), array.shape, place.file.string() + ":" + name);
  }
  if (kind == ".npy") {
    if (!place.array.empty()) fail_input("{} is one array; leave ':{}' out", place.file.string(), place.array);
    NpyArray array = read_npy(place.file);
    return matrix(std::move(array.values), array.shape, place.file.string());
  }
  fail_input("{}: features must be .npy, .npz or .safetensors", place.file.string());
}

std::optional<FeatureStatistics> read_feature_statistics(const std::string& path, bool any_size) {
  const Place place = place_of(path);
  if (!place.array.empty() || !std::filesystem::is_regular_file(place.file)) return std::nullopt;
  const std::string kind = place.file.extension();
  if (kind == ".npz" && holds_statistics(place.file)) return read_statistics(place.file);
  if (kind != ".npy" || (!any_size && std::filesystem::file_size(place.file) <= kLargeBytes)) return std::nullopt;
  const NpyRows rows(place.file);
  if (rows.columns() < 1) fail_input("{}: features have no columns", path);
  FeatureStatistics statistics;
  std::vector<double> values;
  constexpr int64_t block = FeatureStatistics::kBlockRows;
  for (int64_t begin = 0; begin < rows.rows(); begin += block) {
    const int64_t count = std::min(block, rows.rows() - begin);
    rows.read(begin, count, values);
    const auto bad = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
    if (bad != values.end()) {
      const int64_t at = bad - values.begin();
      fail_input("{}: features hold {} at row {}, column {}; remove or recompute that row", path, *bad,
                 begin + at / rows.columns(), at % rows.columns());
    }
    statistics.add(Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        values.data(), count, rows.columns()));
  }
  return statistics;
}

std::string feature_file_sha256(const std::string& path) {
  const MappedFile file(place_of(path).file);
  Sha256 hash;
  hash.update(file.bytes().data(), file.bytes().size());
  return hash.hex();
}

}  // namespace emf
