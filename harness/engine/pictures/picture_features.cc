#include "harness/engine/pictures/picture_features.h"

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/base/sha256.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/engine/store/run_store.h"

namespace emf {
namespace {

constexpr size_t kBatch = 16;

}  // namespace

PictureFeatures::PictureFeatures(const std::string& backbone, const std::string& resize)
    : backbone_(make_backbone(backbone)), resize_(resize.empty() ? backbone_->resize() : resize_filter(resize)) {}

Json PictureFeatures::identity() const {
  Json identity = backbone_->identity();
  identity["resize"] = fmt::format("{} {}", resize_filter_name(resize_), backbone_->side());
  return identity;
}

void PictureFeatures::each_batch(const std::filesystem::path& folder,
                                 const std::function<void(const at::Tensor&)>& take) const {
  const std::vector<std::filesystem::path> paths = picture_paths(folder);
  const int64_t side = backbone_->side();
  Progress progress("features of " + folder.string(), static_cast<int64_t>(paths.size()), "pictures");
  for (size_t begin = 0; begin < paths.size(); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    std::vector<at::Tensor> batch;
    for (size_t i = begin; i < std::min(paths.size(), begin + kBatch); ++i) {
      batch.push_back(emf::resize(read_picture(paths[i]).unsqueeze(0), side, side, resize_));
    }
    take(backbone_->features(at::cat(batch)));
    progress.update(static_cast<int64_t>(begin + batch.size()));
  }
}

FeatureMatrix PictureFeatures::gathered(const std::filesystem::path& folder, bool logits) const {
  FeatureMatrix matrix;
  matrix.identity = identity();
  each_batch(folder, [&](const at::Tensor& features) {
    const at::Tensor rows = (logits ? backbone_->logits(features) : features).to(at::kDouble).contiguous();
    matrix.values.insert(matrix.values.end(), rows.const_data_ptr<double>(),
                         rows.const_data_ptr<double>() + rows.numel());
    matrix.rows += rows.size(0);
    matrix.columns = rows.size(1);
  });
  return matrix;
}

FeatureMatrix PictureFeatures::rows(const std::filesystem::path& folder) const { return gathered(folder, false); }

FeatureMatrix PictureFeatures::logits(const std::filesystem::path& folder) const { return gathered(folder, true); }

FeatureStatistics PictureFeatures::statistics(const std::filesystem::path& folder) const {
  FeatureStatistics statistics;
  each_batch(folder, [&](const at::Tensor& features) {
    const at::Tensor rows = features.to(at::kDouble).contiguous();
    statistics.add(Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        rows.const_data_ptr<double>(), rows.size(0), rows.size(1)));
  });
  return statistics;
}

std::string picture_folder_sha256(const std::filesystem::path& folder) {
  std::string lines;
  for (const auto& path : picture_paths(folder)) {
    lines += path.filename().string() + " " + sha256_file(path) + "\n";
  }
  return sha256_hex(lines);
}

}  // namespace emf
