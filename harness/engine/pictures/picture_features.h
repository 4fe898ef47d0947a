// SPDX-License-Identifier: Apache-2.0
// Pictures as features of a backbone: sets picture by picture, so that only features need memory, and pictures in
// memory.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/api/backbone.h"
#include "harness/api/metric.h"
#include "harness/pictures/picture_set.h"
#include "harness/statistics/feature_statistics.h"

namespace emf {

/// The file in which a stage leaves features of pictures, [N,D] float32 under the name "features".
inline constexpr const char* kFeaturesFile = "features.safetensors";

/// A backbone and how pictures are brought to its side: the one way from pictures to features. Const methods may be
/// called from several threads at once.
class PictureFeatures {
 public:
  /// @param backbone  of BackboneRegistry, "lite0" or "torchscript:FILE".
  /// @param resize    a name of resize_filter_names(); "" = the backbone's own.
  /// @throws UserError  unknown names; weights absent.
  explicit PictureFeatures(const std::string& backbone, const std::string& resize = "",
                           const BackboneContext& context = {});
  /// Of a backbone that is made already, with options of its own.
  explicit PictureFeatures(std::unique_ptr<const Backbone> backbone, const std::string& resize = "",
                           const BackboneContext& context = {});

  /// Backbone, weights, layer, resize filter and side: what FeatureMatrix::identity says.
  Json identity() const;
  const Backbone& backbone() const { return *backbone_; }

  /// Features of pictures in memory.
  /// @param pictures  [N,3,H,W] uint8, any size.   @return [N,D] float32.
  /// @throws UserError  kInterrupted, between batches of 16.   @cost  lite0: about 25 ms a picture and core.
  at::Tensor features(const at::Tensor& pictures) const;
  /// Class scores of such features, [N,classes].   @throws UserError  a backbone that has none.
  at::Tensor logits(const at::Tensor& features) const;
  /// Features or class scores, [N,D], as metrics and probes take them: with identity().
  FeatureMatrix matrix(const at::Tensor& features) const;

  /// Features of a set of pictures in its order.
  /// @throws UserError  a picture that cannot be read (names it); kInterrupted.   @cost  as features(), and reading.
  FeatureMatrix rows(const pictures::PictureSet& set) const;
  /// Class scores instead, where the backbone has any.
  FeatureMatrix logits(const pictures::PictureSet& set) const;
  /// Mean and covariance alone, in memory of D x D.
  FeatureStatistics statistics(const pictures::PictureSet& set) const;

 private:
  void each_batch(const pictures::PictureSet& set, const std::function<void(const at::Tensor&)>& take) const;
  FeatureMatrix gathered(const pictures::PictureSet& set, bool of_classes) const;
  at::Tensor resized(const at::Tensor& pictures) const;

  std::unique_ptr<const Backbone> backbone_;
  ResizeFilter resize_;
  at::Device device_;  ///< where pictures are resized and looked at
};

}  // namespace emf
