// SPDX-License-Identifier: Apache-2.0
#include "harness/judges/detector_network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr double kTypicalSide = 8;  // pixels: half a typical object, the box map's unit

at::Tensor twice(const at::Tensor& x) { return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}); }

}  // namespace

Json DetectorSizes::to_json() const {
  return {{"widths", widths}, {"head", head}, {"num_classes", num_classes}, {"num_colors", num_colors}};
}

DetectorSizes DetectorSizes::from_json(const Json& json, const std::string& origin) {
  DetectorSizes sizes;
  try {
    sizes.widths = json.at("widths").get<std::vector<int64_t>>();
    sizes.head = json.at("head");
    sizes.num_classes = json.at("num_classes");
    sizes.num_colors = json.at("num_colors");
  } catch (const Json::exception&) {
    fail_input("{}: the sizes of the detector are missing or malformed", origin);
  }
  if (sizes.widths.size() != 4) fail_input("{}: a detector has four widths", origin);
  return sizes;
}

DetectorNetwork::DetectorNetwork(const DetectorSizes& sizes, Normalisation normalisation) : sizes_(sizes) {
  const auto& w = sizes.widths;
  const auto unit = [&](const char* name, int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride) {
    return register_module(name, ConvUnit(inputs, outputs, kernel, stride, normalisation));
  };
  const auto block = [&](const char* name, int64_t width) {
    return register_module(name, ResidualBlock(width, normalisation));
  };
  stem_ = unit("stem", 3, w[0], 3, 1);
  to_2_ = unit("to_2", w[0], w[1], 3, 2);
  block_2_ = block("block_2", w[1]);
  to_4_ = unit("to_4", w[1], w[2], 3, 2);
  block_4a_ = block("block_4a", w[2]);
  block_4b_ = block("block_4b", w[2]);
  to_8_ = unit("to_8", w[2], w[3], 3, 2);
  block_8a_ = block("block_8a", w[3]);
  block_8b_ = block("block_8b", w[3]);
  from_8_ = unit("from_8", w[3], w[2], 1, 1);
  merged_4_ = block("merged_4", w[2]);
  from_4_ = unit("from_4", w[2], sizes.head, 1, 1);
  from_2_ = unit("from_2", w[1], sizes.head, 1, 1);
  trunk_ = unit("trunk", sizes.head, sizes.head, 3, 1);
  const int64_t maps = 1 + sizes.num_classes + sizes.num_colors + 4;
  out_ = register_module("out", torch::nn::Conv2d(torch::nn::Conv2dOptions(sizes.head, maps, 1)));
}

void DetectorNetwork::initialise(uint64_t seed) {
  initialise_by_name(*this, seed);
  const at::NoGradGuard no_grad;
  out_->weight.mul_(0.3);
  out_->bias.zero_();
  out_->bias[0].fill_(-4);  // few cells are centres: sigmoid(-4) = 0.018 keeps the first steps calm
}

DetectorMaps DetectorNetwork::forward(const at::Tensor& pictures) {
  const at::Tensor at_2 = block_2_(to_2_(stem_(pictures)));
  const at::Tensor at_4 = block_4b_(block_4a_(to_4_(at_2)));
  const at::Tensor at_8 = block_8b_(block_8a_(to_8_(at_4)));
  const at::Tensor merged = merged_4_(at_4 + twice(from_8_(at_8)));
  const at::Tensor trunk = trunk_(from_2_(at_2) + twice(from_4_(merged)));
  const at::Tensor maps = out_(trunk).to(at::kFloat);
  const int64_t classes = sizes_.num_classes, colors = sizes_.num_colors;
  return {maps.narrow(1, 0, 1), maps.narrow(1, 1, classes), maps.narrow(1, 1 + classes, colors),
          maps.narrow(1, 1 + classes + colors, 4).clamp(-4, 2.5).exp() * kTypicalSide};
}

}  // namespace emf
