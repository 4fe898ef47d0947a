// SPDX-License-Identifier: Apache-2.0
#include "harness/command/picture_network.h"

#include "harness/engine/pictures/picture_features.h"
#include "harness/tensor/placement.h"

namespace emf {
namespace {

class Network : public PictureNetwork {
 public:
  Network(const std::string& backbone, const std::string& resize, const std::string& device)
      : features_(backbone, resize, {ready_placement(device, "--device")}) {}

  FeatureMatrix rows(const pictures::PictureSet& pictures) const override { return features_.rows(pictures); }
  FeatureMatrix logits(const pictures::PictureSet& pictures) const override { return features_.logits(pictures); }
  FeatureStatistics statistics(const pictures::PictureSet& pictures) const override {
    return features_.statistics(pictures);
  }
  bool classifies() const override { return features_.backbone().classifies(); }
  std::string short_name() const override { return features_.backbone().short_name(); }
  bool official() const override { return features_.backbone().official(); }

 private:
  PictureFeatures features_;
};

}  // namespace

std::unique_ptr<const PictureNetwork> load_picture_network(const std::string& backbone, const std::string& resize,
                                                           const std::string& device) {
  return std::make_unique<Network>(backbone, resize, device);
}

}  // namespace emf
