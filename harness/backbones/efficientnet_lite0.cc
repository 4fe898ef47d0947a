// SPDX-License-Identifier: Apache-2.0
#include "harness/backbones/efficientnet_lite0.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/kernels/linear.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr double kEpsilon = 1e-3;  // TensorFlow's batch normalisation, not PyTorch's 1e-5
constexpr int64_t kSlice = 8;      // pictures a forward: 112 x 112 x 32 activations of more leave the cache
constexpr int64_t kSliceOfDevice = 128;

/// One line of the architecture table.   @source  EfficientNet (Tan & Le 2019), lite0: no squeeze-and-excite, ReLU6.
struct Stage {
  int64_t repeats, kernel, stride, expansion, outputs;
};
constexpr Stage kStages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                             {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};

/// Hands out tensors by name and shape.
class Weights {
 public:
  explicit Weights(const std::filesystem::path& path) : origin_(path.string()), tensors_(read_safetensors(path)) {}

  at::Tensor take(const std::string& name, at::IntArrayRef shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
      fail_input("{} has no tensor '{}'; fetch it anew with: ./emfbench setup", origin_, name);
    if (found->second.sizes() != shape) {
      fail_input("{}: tensor '{}' has shape {}, {} was expected", origin_, name, fmt::join(found->second.sizes(), "x"),
                 fmt::join(shape, "x"));
    }
    return found->second.to(at::kFloat);
  }

 private:
  std::string origin_;
  NamedTensors tensors_;
};

/// Shares of TensorFlow's "SAME" padding: the odd pixel goes to the right and bottom.
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t total = std::max<int64_t>(((size + stride - 1) / stride - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

}  // namespace

EfficientNetLite0::EfficientNetLite0(const Placement& placement)
    : EfficientNetLite0(require_package_file("efficientnet-lite0").path, placement) {}

EfficientNetLite0::EfficientNetLite0(const std::filesystem::path& path, const Placement& placement)
    : sha256_(sha256_file(path)), device_(placement.device) {
  const Weights weights(path);
  const auto layer = [&](const std::string& convolution, const std::string& norm, int64_t inputs, int64_t outputs,
                         int64_t kernel, int64_t stride, int64_t groups, bool rectified) {
    const at::Tensor scale = weights.take(norm + ".weight", {outputs}).to(at::kDouble) *
                             (weights.take(norm + ".running_var", {outputs}).to(at::kDouble) + kEpsilon).rsqrt();
    const at::Tensor weight = weights.take(convolution + ".weight", {outputs, inputs / groups, kernel, kernel});
    const at::Tensor bias = weights.take(norm + ".bias", {outputs}).to(at::kDouble) -
                            weights.take(norm + ".running_mean", {outputs}).to(at::kDouble) * scale;
    Layer made{to_device((weight.to(at::kDouble) * scale.reshape({-1, 1, 1, 1}))
                             .to(at::kFloat)
                             .contiguous(at::MemoryFormat::ChannelsLast),
                         device_),
               to_device(bias.to(at::kFloat), device_),
               stride,
               groups,
               rectified,
               {}};
    if (kernel == 1 && stride == 1 && device_.is_cpu()) made.matrix = made.weight.flatten(1);
    return made;
  };
  stem_ = layer("_conv_stem", "_bn0", 3, 32, 3, 2, 1, true);
  int64_t width = 32;
  for (const Stage& stage : kStages) {
    for (int64_t repeat = 0; repeat < stage.repeats; ++repeat) {
      const std::string name = fmt::format("_blocks.{}.", blocks_.size());
      const int64_t stride = repeat == 0 ? stage.stride : 1, hidden = width * stage.expansion;
      Block block;
      if (stage.expansion != 1) {
        block.layers.push_back(layer(name + "_expand_conv", name + "_bn0", width, hidden, 1, 1, 1, true));
      }
      block.layers.push_back(
          layer(name + "_depthwise_conv", name + "_bn1", hidden, hidden, stage.kernel, stride, hidden, true));
      block.layers.push_back(layer(name + "_project_conv", name + "_bn2", hidden, stage.outputs, 1, 1, 1, false));
      block.residual = stride == 1 && width == stage.outputs;
      blocks_.push_back(std::move(block));
      width = stage.outputs;
    }
  }
  head_ = layer("_conv_head", "_bn1", width, kFeatures, 1, 1, 1, true);
  classifier_weight_ = to_device(weights.take("_fc.weight", {1000, kFeatures}), device_);
  classifier_bias_ = to_device(weights.take("_fc.bias", {1000}), device_);
}

at::Tensor EfficientNetLite0::apply(const Layer& layer, const at::Tensor& x) {
  const int64_t kernel = layer.weight.size(2);
  if (layer.matrix.defined()) {
    // Channels lie beside each other, so that a pixel is a row of the layers' product.
    const at::Tensor y = linear({x.permute({0, 2, 3, 1}), {}}, layer.matrix, layer.bias).value;
    return (layer.rectified ? y.clamp_(0, 6) : y).permute({0, 3, 1, 2});
  }
  const auto [top, bottom] = same_padding(x.size(2), kernel, layer.stride);
  const auto [left, right] = same_padding(x.size(3), kernel, layer.stride);
  const bool even = top == bottom && left == right;
  const at::Tensor input = even ? x : at::constant_pad_nd(x, {left, right, top, bottom});
  const int64_t rows = even ? top : 0, columns = even ? left : 0;
  const at::Tensor y = at::conv2d(input, layer.weight, layer.bias, at::IntArrayRef{layer.stride, layer.stride},
                                  at::IntArrayRef{rows, columns}, at::IntArrayRef{1, 1}, layer.groups);
  return layer.rectified ? y.clamp_(0, 6) : y;
}

at::Tensor EfficientNetLite0::slice_features(const at::Tensor& input) const {
  at::Tensor x = apply(stem_, input.contiguous(at::MemoryFormat::ChannelsLast));
  for (const Block& block : blocks_) {
    at::Tensor y = x;
    for (const Layer& layer : block.layers) y = apply(layer, y);
    x = block.residual ? y.add_(x) : y;
  }
  return apply(head_, x).mean({2, 3});
}

at::Tensor EfficientNetLite0::features(const at::Tensor& input) const {
  const at::NoGradGuard no_grad;
  ensure(input.dim() == 4 && input.size(1) == 3 && input.size(2) == kSide && input.size(3) == kSide,
         "an input of shape {}; expected Bx3x{}x{}", fmt::join(input.sizes(), "x"), kSide, kSide);
  at::Tensor all = at::empty({input.size(0), kFeatures});
  const int64_t slice = device_.is_cpu() ? kSlice : kSliceOfDevice;
  for (int64_t row = 0; row < input.size(0); row += slice) {
    const int64_t count = std::min(slice, input.size(0) - row);
    all.narrow(0, row, count).copy_(slice_features(to_device(input.narrow(0, row, count), device_)));
  }
  return all;
}

at::Tensor EfficientNetLite0::logits(const at::Tensor& features) const {
  const at::NoGradGuard no_grad;
  return at::linear(to_device(features, device_), classifier_weight_, classifier_bias_).cpu();
}

}  // namespace emf
