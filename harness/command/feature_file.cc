// SPDX-License-Identifier: Apache-2.0
#include "harness/command/feature_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/bounded.h"
#include "harness/base/json.h"
#include "harness/base/near_name.h"
#include "harness/base/npy.h"
#include "harness/base/safetensors_index.h"
#include "harness/base/sha256.h"
#include "harness/pictures/picture_folder.h"
#include "harness/statistics/statistics_names.h"

namespace emf {
namespace {

constexpr const char* kUsualName = "features";
/// A .npy above this is read block by block where its rows are not needed.
constexpr uintmax_t kLargeBytes = 256u << 20;

using Holds = FeatureSide::Holds;

/// A file may have a colon in its own name, so the whole text is tried first.
FeatureSide place_of(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || path_exists(text)) return {text, Holds::kRows, text, ""};
  return {text, Holds::kRows, text.substr(0, colon), text.substr(colon + 1)};
}

/// Shapes of all arrays by name, and which of them are pictures. A .npy has one, without a name.
struct Arrays {
  ArrayShapes shapes;
  std::vector<std::string> pictures;

  void add(const std::string& name, const NpyShape& header) {
    shapes[name] = header.shape;
    if (pictures::are_pictures(header)) pictures.push_back(name);
  }
};

Arrays arrays_in(const std::filesystem::path& file) {
  Arrays arrays;
  const std::string kind = file.extension();
  if (kind == ".npy") {
    arrays.add("", read_npy_shape(file));
  } else if (kind == ".npz") {
    for (const auto& [name, header] : npz_shapes(file)) arrays.add(name, header);
  } else {
    const SafetensorsIndex index(file);
    for (const auto& [name, tensor] : index.tensors()) arrays.shapes[name] = tensor.shape;
  }
  return arrays;
}

std::string shape_text(const std::string& name, const std::vector<int64_t>& shape) {
  return fmt::format("{} [{}]", name, fmt::join(shape, ", "));
}

/// Which array of several that are not statistics; an error names only such as can be features.
std::string chosen(const std::filesystem::path& file, const ArrayShapes& shapes) {
  if (shapes.empty()) fail_input("{} holds no arrays of numbers", file.string());
  if (shapes.size() == 1) return shapes.begin()->first;
  if (shapes.count(kUsualName) != 0) return kUsualName;
  if (look_like_statistics(shapes)) {
    std::vector<std::string> held;
    for (const auto& [name, shape] : shapes) held.push_back(shape_text(name, shape));
    fail_input("{} holds {}, which look like statistics; those are read under the names {}", file.string(),
               fmt::join(held, ", "), kStatisticsNames);
  }
  constexpr size_t kShown = 5;
  std::vector<std::string> fit;
  std::string first;
  for (const auto& [name, shape] : shapes) {
    if (shape.size() != 2 || shape[0] < 1) continue;
    // Class scores are no features, whatever comes first in the alphabet.
    if (first.empty() || (first == "logits" || first == "probs")) first = name;
    if (fit.size() <= kShown) fit.push_back(fit.size() < kShown ? shape_text(name, shape) : "...");
  }
  if (fit.empty()) {
    fail_input("{} holds {} arrays, and none is [rows, columns] as features are", file.string(), shapes.size());
  }
  fail_input("{} holds {} arrays and none called '{}'; {}: name one as {}:{}", file.string(), shapes.size(), kUsualName,
             fmt::join(fit, ", "), file.string(), first);
}

FeatureMatrix matrix(std::vector<double> values, const std::vector<int64_t>& shape, const std::string& where) {
  if (shape.size() != 2) {
    fail_input("{}: features must be [rows, columns], but have {} axes{}", where, shape.size(),
               shape.size() == 4 ? "; pictures must be uint8, 0 to 255, [N, H, W, 3] or [N, 3, H, W]" : "");
  }
  return {std::move(values), shape[0], shape[1], Json::object()};
}

NpyArray array_of(const SafetensorsIndex& file, const std::string& name) {
  std::vector<double> values = file.numbers(name);
  return {file.tensors().at(name).shape, std::move(values)};
}

FeatureMatrix from_safetensors(const FeatureSide& side) {
  const SafetensorsIndex file(side.file);
  NpyArray array = array_of(file, side.array);
  FeatureMatrix features = matrix(std::move(array.values), array.shape, side.file.string() + ":" + side.array);
  if (const auto identity = file.metadata().find("identity"); identity != file.metadata().end()) {
    features.identity = parse_json(identity->second, side.file.string() + " (identity)");
  }
  return features;
}

FeatureStatistics statistics_of_side(const FeatureSide& side) {
  if (side.file.extension() == ".npz") return read_statistics(side.file, side.array);
  const SafetensorsIndex file(side.file);
  const auto names = statistics_names(arrays_in(side.file).shapes, side.array, side.file.string());
  if (!names) fail_input("{}: changed while it was read", side.file.string());
  std::optional<NpyArray> count;
  if (!names->count.empty()) count = array_of(file, names->count);
  return statistics_of_arrays(array_of(file, names->mean), array_of(file, names->covariance), count ? &*count : nullptr,
                              side.file.string());
}

}  // namespace

FeatureSide open_features(const std::string& text, bool takes_statistics) {
  FeatureSide side = place_of(text);
  if (!path_exists(side.file)) fail_missing("{} does not exist", side.file.string());
  if (is_folder(side.file)) {
    if (!side.array.empty()) fail_input("{} is a folder; leave ':{}' out", side.file.string(), side.array);
    side.holds = Holds::kPictures;
    return side;
  }
  const std::string kind = side.file.extension();
  if (kind == ".zip" && side.array.empty()) {
    side.holds = Holds::kPictures;
    return side;
  }
  if (kind == ".pkl" || kind == ".pt" || kind == ".pth") {
    fail_input("{}: pickles are not read; write it with numpy.savez or safetensors", side.file.string());
  }
  if (kind != ".npy" && kind != ".npz" && kind != ".safetensors") {
    fail_input("{}: features must be .npy, .npz or .safetensors, pictures a folder, .zip, .npy or .npz",
               side.file.string());
  }
  if (kind == ".npy" && !side.array.empty()) {
    fail_input("{} is one array; leave ':{}' out", side.file.string(), side.array);
  }
  const Arrays arrays = arrays_in(side.file);
  const ArrayShapes& shapes = arrays.shapes;
  if (!side.array.empty() && shapes.count(side.array) == 0) {
    std::vector<std::string> names;
    for (const auto& [name, shape] : shapes) names.push_back(name);
    fail_input("{} holds no array '{}'{}", side.file.string(), side.array, suggestion(side.array, names));
  }
  const bool shown = arrays.pictures.size() == 1 && side.array.empty();  // pictures that nobody need name
  const auto statistics = kind == ".npy" ? std::nullopt : statistics_names(shapes, side.array, side.file.string());
  if (statistics && takes_statistics) {
    side.holds = Holds::kStatistics;
    if (shown) {
      side.warning = fmt::format("of {} the statistics are taken; {}:{} are its pictures", side.file.string(),
                                 side.file.string(), arrays.pictures.front());
    }
    return side;
  }
  if (statistics && !shown && (!side.array.empty() || shapes.count(kUsualName) == 0)) {
    fail_input("{} holds statistics ({} and {}), and what is asked for needs the features of every picture",
               side.file.string(), statistics->mean, statistics->covariance);
  }
  if (side.array.empty()) {
    const bool features = shapes.size() == 1 || shapes.count(kUsualName) != 0;
    side.array = shown && !features ? arrays.pictures.front() : chosen(side.file, shapes);
  }
  if (std::find(arrays.pictures.begin(), arrays.pictures.end(), side.array) != arrays.pictures.end()) {
    side.holds = Holds::kPictures;
  }
  return side;
}

bool may_be_pictures(const std::string& text) {
  const FeatureSide side = place_of(text);
  const std::string kind = side.file.extension();
  if (is_folder(side.file) || kind == ".zip") return true;
  if (kind != ".npy" && kind != ".npz") return false;
  try {
    return !arrays_in(side.file).pictures.empty();
  } catch (const UserError&) {
    return true;  // whoever opens it says what is wrong
  }
}

FeatureMatrix read_features(const FeatureSide& side) {
  ensure(side.holds == Holds::kRows, "{} was read as rows", side.text);
  const std::string kind = side.file.extension();
  if (kind == ".safetensors") return from_safetensors(side);
  NpyArray array = kind == ".npz" ? read_npz(side.file, side.array) : read_npy(side.file);
  return matrix(std::move(array.values), array.shape,
                kind == ".npz" ? side.file.string() + ":" + side.array : side.file.string());
}

FeatureMatrix read_features(const std::string& text) {
  const FeatureSide side = open_features(text, false);
  if (side.holds != Holds::kRows) fail_input("{} holds pictures, not features", text);
  return read_features(side);
}

std::optional<FeatureStatistics> read_feature_statistics(const FeatureSide& side, bool any_size) {
  if (side.holds == Holds::kStatistics) return statistics_of_side(side);
  if (side.holds != Holds::kRows || side.file.extension() != ".npy") return std::nullopt;
  if (!any_size && std::filesystem::file_size(side.file) <= kLargeBytes) return std::nullopt;
  const NpyRows rows(side.file);
  if (rows.columns() < 1) fail_input("{}: features have no columns", side.text);
  FeatureStatistics statistics;
  std::vector<double> values;
  constexpr int64_t block = FeatureStatistics::kBlockRows;
  for (int64_t begin = 0; begin < rows.rows(); begin += block) {
    const int64_t count = std::min(block, rows.rows() - begin);
    rows.read(begin, count, values);
    const auto bad = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
    if (bad != values.end()) {
      const int64_t at = bad - values.begin();
      fail_input("{}: features hold {} at row {}, column {}; remove or recompute that row", side.text, *bad,
                 begin + at / rows.columns(), at % rows.columns());
    }
    statistics.add(Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        values.data(), count, rows.columns()));
  }
  return statistics;
}

std::string feature_file_sha256(const FeatureSide& side) {
  const MappedFile file(side.file);
  Sha256 hash;
  hash.update(file.bytes().data(), file.bytes().size());
  return hash.hex();
}

}  // namespace emf
