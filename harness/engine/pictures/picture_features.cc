// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/picture_features.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/pictures/picture_file.h"

namespace emf {
namespace {

/// Pictures a forward. Backbones cut further where that is faster; what a row's neighbours are does not change it.
constexpr int64_t kBatch = 16;

}  // namespace

PictureFeatures::PictureFeatures(const std::string& backbone, const std::string& resize, const BackboneContext& context)
    : PictureFeatures(make_backbone(backbone, context), resize, context) {}

PictureFeatures::PictureFeatures(std::unique_ptr<const Backbone> backbone, const std::string& resize,
                                 const BackboneContext& context)
    : backbone_(std::move(backbone)),
      resize_(resize.empty() ? backbone_->resize() : resize_filter(resize)),
      device_(context.placement.device) {}

Json PictureFeatures::identity() const {
  Json identity = backbone_->identity();
  // The filter and the side belong to the identity: one network on pictures that were resized otherwise gives
  // other features, and distances between the two would mean nothing.
  identity["resize"] = fmt::format("{} {}", resize_filter_name(resize_), backbone_->side());
  return identity;
}

at::Tensor PictureFeatures::resized(const at::Tensor& pictures) const {
  return emf::resize(to_device(pictures, device_), backbone_->side(), backbone_->side(), resize_);
}

at::Tensor PictureFeatures::features(const at::Tensor& pictures) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rows;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const int64_t count = std::min(kBatch, pictures.size(0) - begin);
    rows.push_back(backbone_->features(resized(pictures.narrow(0, begin, count))));
  }
  ensure(!rows.empty(), "features of {} pictures", 0);
  return at::cat(rows);
}

at::Tensor PictureFeatures::logits(const at::Tensor& features) const { return backbone_->logits(features); }

FeatureMatrix PictureFeatures::matrix(const at::Tensor& features) const {
  // In double from here on: distances subtract sums that agree in most of their digits.
  const at::Tensor rows = features.cpu().to(at::kDouble).contiguous();
  FeatureMatrix matrix;
  matrix.rows = rows.size(0);
  matrix.columns = rows.size(1);
  matrix.values.assign(rows.const_data_ptr<double>(), rows.const_data_ptr<double>() + rows.numel());
  matrix.identity = identity();
  return matrix;
}

void PictureFeatures::each_batch(const pictures::PictureSet& set,
                                 const std::function<void(const at::Tensor&)>& take) const {
  const size_t all = set.size();
  Progress progress("features of pictures", static_cast<int64_t>(all), "pictures");
  std::map<std::pair<int, int>, size_t> sizes;  // height and width
  for (size_t begin = 0; begin < all; begin += size_t{kBatch}) {
    if (interrupted()) stop_interrupted();
    std::vector<at::Tensor> batch;  // resized one by one: a set's pictures may differ in size
    for (const pictures::Picture& picture : set.read(begin, std::min(size_t{kBatch}, all - begin))) {
      ++sizes[{picture.height, picture.width}];
      batch.push_back(resized(picture_tensor(picture).unsqueeze(0)));
    }
    take(backbone_->features(at::cat(batch)));
    progress.update(static_cast<int64_t>(begin + batch.size()));
  }
  if (sizes.size() < 2) return;
  const auto usual =
      std::max_element(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  say(
      fmt::format("warning: {} pictures are of {} sizes, most ({}) {}x{}; each was resized on its own, which distances "
                  "see",
                  all, sizes.size(), usual->second, usual->first.second, usual->first.first));
}

FeatureMatrix PictureFeatures::gathered(const pictures::PictureSet& set, bool of_classes) const {
  const at::NoGradGuard no_grad;
  FeatureMatrix matrix;
  matrix.identity = identity();
  each_batch(set, [&](const at::Tensor& features) {
    const at::Tensor rows = (of_classes ? logits(features) : features).to(at::kDouble).contiguous();
    matrix.values.insert(matrix.values.end(), rows.const_data_ptr<double>(),
                         rows.const_data_ptr<double>() + rows.numel());
    matrix.rows += rows.size(0);
    matrix.columns = rows.size(1);
  });
  return matrix;
}

FeatureMatrix PictureFeatures::rows(const pictures::PictureSet& set) const { return gathered(set, false); }

FeatureMatrix PictureFeatures::logits(const pictures::PictureSet& set) const { return gathered(set, true); }

FeatureStatistics PictureFeatures::statistics(const pictures::PictureSet& set) const {
  const at::NoGradGuard no_grad;
  // Sums only, so that a folder of any size needs no more memory than one covariance.
  FeatureStatistics statistics;
  each_batch(set, [&](const at::Tensor& features) {
    const at::Tensor rows = features.to(at::kDouble).contiguous();
    statistics.add(Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        rows.const_data_ptr<double>(), rows.size(0), rows.size(1)));
  });
  return statistics;
}

}  // namespace emf
