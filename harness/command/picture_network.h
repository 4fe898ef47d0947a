// SPDX-License-Identifier: Apache-2.0
// A network that looks at pictures for `score`. emfbench-lite has none and says so (lite/no_networks.cc).
#pragma once

#include <memory>
#include <string>

#include "harness/api/metric.h"
#include "harness/pictures/picture_set.h"
#include "harness/statistics/feature_statistics.h"

namespace emf {

class PictureNetwork {
 public:
  virtual ~PictureNetwork() = default;
  /// Features, one row a picture in the set's order.  @throws UserError  as PictureFeatures::rows.
  virtual FeatureMatrix rows(const pictures::PictureSet& pictures) const = 0;
  /// Class scores, where it classifies.
  virtual FeatureMatrix logits(const pictures::PictureSet& pictures) const = 0;
  /// Mean and covariance of the features alone, in memory of D x D.
  virtual FeatureStatistics statistics(const pictures::PictureSet& pictures) const = 0;
  virtual bool classifies() const = 0;
  virtual std::string short_name() const = 0;  ///< Backbone::short_name()
  virtual bool official() const = 0;           ///< Backbone::official()
};

/// @param backbone  of BackboneRegistry.   @param resize  a name of resize_filter_names(); "" = the backbone's own.
/// @param device  of read_placement().
/// @throws UserError  unknown names; weights or device absent; a program without networks (kMissing).
std::unique_ptr<const PictureNetwork> load_picture_network(const std::string& backbone, const std::string& resize,
                                                           const std::string& device);

}  // namespace emf
