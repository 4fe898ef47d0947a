// EfficientNet-lite0 on ImageNet, the real network behind fd_lite0 and kid_lite0.
#include "harness/api/backbone.h"
#include "harness/backbones/efficientnet_lite0.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class Lite0 : public Backbone {
 public:
  int64_t side() const override { return EfficientNetLite0::kSide; }
  std::string short_name() const override { return "lite0"; }
  Json identity() const override {
    Json identity = network_.identity();
    identity.erase("resize");
    return identity;
  }
  at::Tensor features(const at::Tensor& pictures) const override {
    return network_.features_of_input((pictures - 127) / 128);
  }
  at::Tensor logits(const at::Tensor& features) const override { return network_.logits(features); }

 private:
  EfficientNetLite0 network_;
};

std::unique_ptr<Backbone> make_lite0(const std::string& argument) {
  if (!argument.empty()) fail_input("backbone 'lite0' takes no ':{}'", argument);
  return std::make_unique<Lite0>();
}

EMF_REGISTER(BackboneRegistry, "lite0", "EfficientNet-lite0 on ImageNet, 1280 pooled features", make_lite0);

}  // namespace
}  // namespace emf
