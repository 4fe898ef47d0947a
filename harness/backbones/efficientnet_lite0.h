// SPDX-License-Identifier: Apache-2.0
// EfficientNet-lite0 on ImageNet-1k: the real backbone behind fd_lite0, kid_lite0 and the visual side of the probes.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/tensor/placement.h"

namespace emf {

/// Inference only; normalisation folded into the convolutions. Thread-compatible; equal input, equal output.
class EfficientNetLite0 {
 public:
  static constexpr int64_t kFeatures = 1280;
  static constexpr int64_t kSide = 224;  ///< pixels of the input

  /// Loads what the set-up fetched ("efficientnet-lite0" in data/packages.json).
  /// @throws UserError  weights absent (kMissing: package, version, sha256), or a tensor missing or of another shape.
  explicit EfficientNetLite0(const Placement& placement = {});
  explicit EfficientNetLite0(const std::filesystem::path& weights, const Placement& placement = {});

  /// Pooled features.
  /// @param input  [B,3,224,224] float32, resized and scaled: (x - 127) / 128 of 0..255; from wherever it lies.
  /// @return  [B,1280] float32 in the host's memory: mean over places after the head's ReLU6, so 0..6.
  /// @cost  770 MFLOP a picture, in slices of 8.   @source  rwightman/gen-efficientnet tf_efficientnet_lite0 weights.
  at::Tensor features(const at::Tensor& input) const;
  /// Class scores of features: [B,1000] logits in ImageNet-1k order.
  at::Tensor logits(const at::Tensor& features) const;

  const std::string& sha256() const { return sha256_; }  ///< of the weights' file

 private:
  struct Layer {
    at::Tensor weight, bias;
    int64_t stride = 1, groups = 1;
    bool rectified = true;  ///< ReLU6 after it
    at::Tensor matrix;      ///< [out,in] where a pixel is multiplied alone, on the CPU; else undefined
  };
  struct Block {
    std::vector<Layer> layers;
    bool residual = false;
  };

  at::Tensor slice_features(const at::Tensor& input) const;
  static at::Tensor apply(const Layer& layer, const at::Tensor& x);

  Layer stem_, head_;
  std::vector<Block> blocks_;
  at::Tensor classifier_weight_, classifier_bias_;
  std::string sha256_;
  at::Device device_;
};

}  // namespace emf
