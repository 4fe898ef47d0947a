// Folders of pictures as features of a backbone, picture by picture, so that only features need memory.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/api/backbone.h"
#include "harness/api/metric.h"
#include "harness/statistics/feature_statistics.h"

namespace emf {

class PictureFeatures {
 public:
  /// @param backbone  of BackboneRegistry, "lite0" or "torchscript:FILE".
  /// @param resize    a name of resize_filter_names(); "" = the backbone's own.
  /// @throws UserError  unknown names; weights absent.
  PictureFeatures(const std::string& backbone, const std::string& resize);

  /// Backbone, weights, layer, resize filter and side: what FeatureMatrix::identity says.
  Json identity() const;
  const Backbone& backbone() const { return *backbone_; }

  /// Features of a folder's pictures in order of name.
  /// @throws UserError  as picture_paths and read_picture; kInterrupted.   @cost  lite0: about 25 ms a picture and core.
  FeatureMatrix rows(const std::filesystem::path& folder) const;
  /// Class scores instead, where the backbone has any.
  FeatureMatrix logits(const std::filesystem::path& folder) const;
  /// Mean and covariance alone, in memory of D x D.
  FeatureStatistics statistics(const std::filesystem::path& folder) const;

 private:
  void each_batch(const std::filesystem::path& folder, const std::function<void(const at::Tensor&)>& take) const;
  FeatureMatrix gathered(const std::filesystem::path& folder, bool logits) const;

  std::unique_ptr<Backbone> backbone_;
  ResizeFilter resize_;
};

/// sha256 over names and bytes of a folder's pictures.
std::string picture_folder_sha256(const std::filesystem::path& folder);

}  // namespace emf
