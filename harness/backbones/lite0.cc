// SPDX-License-Identifier: Apache-2.0
// EfficientNet-lite0 on ImageNet, the real network behind fd_lite0 and kid_lite0.
#include "harness/api/backbone.h"

#include <ATen/ATen.h>

#include "harness/backbones/efficientnet_lite0.h"
#include "harness/base/config.h"

namespace emf {
namespace {

class Lite0 : public Backbone {
 public:
  Lite0(const Options& options, const BackboneContext& context) : network_(context.placement) {
    ConfigReader(options).finish();
  }

  int64_t side() const override { return EfficientNetLite0::kSide; }
  std::string short_name() const override { return "lite0"; }
  Json identity() const override {
    return {{"backbone", "efficientnet-lite0"}, {"weights_sha256", network_.sha256()}, {"layer", "head, pooled"}};
  }
  bool classifies() const override { return true; }
  at::Tensor features(const at::Tensor& pictures) const override { return network_.features((pictures - 127) / 128); }
  at::Tensor logits(const at::Tensor& features) const override { return network_.logits(features); }

 private:
  EfficientNetLite0 network_;
};

std::unique_ptr<Backbone> make_lite0(const Options& options, const BackboneContext& context) {
  return std::make_unique<Lite0>(options, context);
}

EMF_REGISTER(BackboneRegistry, "lite0", "EfficientNet-lite0 on ImageNet, 1280 pooled features", make_lite0,
             {.title = "EfficientNet-lite0"});

}  // namespace
}  // namespace emf
