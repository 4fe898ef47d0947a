// SPDX-License-Identifier: Apache-2.0
// The convolution building blocks of the instruments' networks, and their initial values keyed by name.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>

#include "harness/tensor/safetensors.h"

namespace emf {

/// Whether a network carries batch normalisation (while training) or has it folded into its convolutions (shipped).
enum class Normalisation { kBatch, kFolded };

/// Convolution, normalisation, ReLU. Padding keeps the size at stride 1.
class ConvUnitImpl : public torch::nn::Module {
 public:
  ConvUnitImpl(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, Normalisation normalisation,
               bool rectified = true);
  /// @param x  [B,inputs,H,W].   @return [B,outputs,H/stride,W/stride].
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::Conv2d convolution_{nullptr};
  torch::nn::BatchNorm2d normalisation_{nullptr};
  bool rectified_;
};
TORCH_MODULE(ConvUnit);

/// relu(x + unit(unit(x))): the basic block of ResNet (He et al. 2015).
class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(int64_t width, Normalisation normalisation);
  at::Tensor forward(const at::Tensor& x);

 private:
  ConvUnit first_{nullptr}, second_{nullptr};
};
TORCH_MODULE(ResidualBlock);

/// Draws every convolution weight as He normals keyed by (seed, parameter name). Everything else stays as constructed.
void initialise_by_name(torch::nn::Module& module, uint64_t seed);

/// Lays every 4-D parameter out as channels_last, which oneDNN's CPU convolutions prefer.
void use_channels_last(torch::nn::Module& module);

/// Parameters and floating buffers by name. The tensors alias the module's.
NamedTensors module_tensors(const torch::nn::Module& module);

/// Copies values into the module's parameters and buffers of the same names.
/// @param origin  names the file in errors.
/// @throws UserError  a tensor missing, of another shape, or of no known name (names it and what was expected).
void load_tensors(torch::nn::Module& module, const NamedTensors& values, const std::string& origin);

/// Tensors of a kBatch module as its kFolded twin wants them: w' = w g/sqrt(v + eps), b' = beta - mean g/sqrt(v + eps).
///
/// @param tensors  from module_tensors() of a kBatch module (or averages of them).
NamedTensors fold_normalisation(const NamedTensors& tensors);

}  // namespace emf
