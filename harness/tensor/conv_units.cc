// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/conv_units.h"

#include <ATen/core/grad_mode.h>

#include <torch/nn/functional.h>

#include <cmath>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/tensor/random_rows.h"

namespace emf {

ConvUnitImpl::ConvUnitImpl(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, Normalisation normalisation,
                           bool rectified)
    : rectified_(rectified) {
  const bool batch = normalisation == Normalisation::kBatch;
  convolution_ = register_module(
      "conv", torch::nn::Conv2d(
                  torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(!batch)));
  if (batch) normalisation_ = register_module("norm", torch::nn::BatchNorm2d(outputs));
}

at::Tensor ConvUnitImpl::forward(const at::Tensor& x) {
  at::Tensor y = convolution_(x);
  if (!normalisation_.is_empty()) y = normalisation_(y);
  return rectified_ ? y.relu_() : y;
}

ResidualBlockImpl::ResidualBlockImpl(int64_t width, Normalisation normalisation) {
  first_ = register_module("first", ConvUnit(width, width, 3, 1, normalisation));
  second_ = register_module("second", ConvUnit(width, width, 3, 1, normalisation, /*rectified=*/false));
}

at::Tensor ResidualBlockImpl::forward(const at::Tensor& x) { return (second_(first_(x)) + x).relu_(); }

void initialise_by_name(torch::nn::Module& module, uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (const auto& parameter : module.named_parameters()) {
    at::Tensor value = parameter.value();
    if (value.dim() != 4) continue;
    const double inputs = static_cast<double>(value.size(1) * value.size(2) * value.size(3));
    value.copy_(normal_named(seed, parameter.key(), value.sizes()) * std::sqrt(2.0 / inputs));
  }
}

void use_channels_last(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& value : module.parameters()) {
    if (value.dim() == 4) value.set_data(value.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

NamedTensors module_tensors(const torch::nn::Module& module) {
  NamedTensors tensors;
  for (const auto& parameter : module.named_parameters()) tensors[parameter.key()] = parameter.value().detach();
  for (const auto& buffer : module.named_buffers()) {
    if (buffer.value().is_floating_point()) tensors[buffer.key()] = buffer.value();
  }
  return tensors;
}

void load_tensors(torch::nn::Module& module, const NamedTensors& values, const std::string& origin) {
  const at::NoGradGuard no_grad;
  const NamedTensors targets = module_tensors(module);
  for (const auto& [name, target] : targets) {
    const auto found = values.find(name);
    if (found == values.end()) fail_input("{} has no tensor '{}'", origin, name);
    if (found->second.sizes() != target.sizes()) {
      fail_input("{}: tensor '{}' has shape {}, {} was expected", origin, name, fmt::join(found->second.sizes(), "x"),
                 fmt::join(target.sizes(), "x"));
    }
    target.copy_(found->second);
  }
  for (const auto& [name, value] : values) {
    if (!targets.contains(name)) fail_input("{} has a tensor '{}' that this network does not know", origin, name);
  }
}

NamedTensors fold_normalisation(const NamedTensors& tensors) {
  constexpr double kEpsilon = 1e-5;  // torch::nn::BatchNorm2d's default
  NamedTensors folded;
  for (const auto& [name, value] : tensors) {
    if (name.find("norm.") != std::string::npos) continue;
    const size_t at = name.rfind("conv.weight");
    const std::string unit = at == std::string::npos ? "" : name.substr(0, at);
    if (at == std::string::npos || !tensors.contains(unit + "norm.weight")) {
      folded[name] = value;
      continue;
    }
    const at::Tensor scale = tensors.at(unit + "norm.weight").to(at::kDouble) *
                             (tensors.at(unit + "norm.running_var").to(at::kDouble) + kEpsilon).rsqrt();
    folded[name] = (value.to(at::kDouble) * scale.reshape({-1, 1, 1, 1})).to(at::kFloat);
    folded[unit + "conv.bias"] = (tensors.at(unit + "norm.bias").to(at::kDouble) -
                                  tensors.at(unit + "norm.running_mean").to(at::kDouble) * scale)
                                     .to(at::kFloat);
  }
  return folded;
}

}  // namespace emf
