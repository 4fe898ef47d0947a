// SPDX-License-Identifier: Apache-2.0
// The scenes autoencoder: pictures to standardised latents an eighth of the side, and back.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/tensor/conv_units.h"
#include "harness/tensor/placement.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// Sizes of the network. Each side is downsampled by 8; the three widths are at 1/2, 1/4 and 1/8 of the side.
struct AutoencoderSizes {
  std::vector<int64_t> encoder = {48, 96, 160};
  std::vector<int64_t> decoder = {224, 128, 64};  ///< from 1/8 back to 1/2
  int64_t latent_channels = 16;

  Json to_json() const;
  static AutoencoderSizes from_json(const Json& json, const std::string& origin);
};

/// The bare network; what stands between encode() and decode() standardises. Fully convolutional: any side divisible by
/// 8.
class AutoencoderNetwork : public torch::nn::Module {
 public:
  explicit AutoencoderNetwork(const AutoencoderSizes& sizes);
  /// Initial values, keyed by parameter names.
  void initialise(uint64_t seed);
  /// @param pictures  [B,3,H,W] in -1..1.   @return [B,latent_channels,H/8,W/8], any scale.
  at::Tensor encode(const at::Tensor& pictures);
  /// @param latents  standardised: mean 0 and variance 1 a channel.
  /// @return  [B,3,H,W], about -1..1, unclamped, float32.
  at::Tensor decode(const at::Tensor& latents);

 private:
  at::Tensor residual(const std::string& name, const at::Tensor& x);
  at::Tensor convolve(const std::string& name, const at::Tensor& x);
  void add(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride = 1);

  std::map<std::string, torch::nn::Conv2d> layers_;
};

/// The instrument. Thread-compatible; no gradients; equal input, equal output.
class Autoencoder {
 public:
  /// @throws UserError  file absent (kMissing) or not an autoencoder instrument.
  explicit Autoencoder(const std::filesystem::path& path, const Placement& placement = {});

  /// Pictures to latents whose channels have mean 0 and variance 1 over the training pictures. Deterministic.
  ///
  /// @param pictures  [B,3,H,W] uint8, or float32 in 0..1; H, W divisible by 8.
  /// @return  [B,latent_channels,H/8,W/8] float32, where the network lies.
  /// @cost  64 MFLOP a 32 px picture, in slices of 256 rows.
  at::Tensor encode(const at::Tensor& pictures) const;

  /// @param latents  as encode() gives them.   @return [B,3,H,W] float32 in 0..1, where the network lies.
  at::Tensor decode(const at::Tensor& latents) const;

  int64_t side() const { return side_; }  ///< of the pictures it was trained on
  int64_t latent_channels() const { return mean_.size(1); }
  const std::string& sha256() const { return sha256_; }

 private:
  std::shared_ptr<AutoencoderNetwork> network_;
  at::Tensor mean_, deviation_;  // [1,C,1,1]
  Json facts_;
  std::string sha256_;
  int64_t side_ = 0;
};

/// The shipped autoencoder of a picture side: <instruments folder>/autoencoder-<side>.safetensors.
std::filesystem::path autoencoder_path(int64_t side);

}  // namespace emf
