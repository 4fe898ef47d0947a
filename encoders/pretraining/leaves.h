// SPDX-License-Identifier: Apache-2.0
// What stands beside an encoder while it is pretrained: named parameters, drawn by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/api/pretraining.h"

namespace emf {

/// Parameters in the order they were made. Equal name, shape and seed: equal initial values.
class Leaves {
 public:
  /// @param prefix  of the random stream, "picture_contrastive".
  Leaves(std::string prefix, const PretrainingContext& context)
      : prefix_(std::move(prefix)), seed_(context.seed), placement_(context.placement) {}

  /// Normals of variance scale^2 / (product of all dimensions but the first).
  at::Tensor matrix(const std::string& name, at::IntArrayRef shape, double scale = 1);
  at::Tensor constant(const std::string& name, at::IntArrayRef shape, double value);

  const std::vector<std::pair<std::string, at::Tensor>>& all() const { return leaves_; }

 private:
  at::Tensor keep(const std::string& name, const at::Tensor& value);

  std::string prefix_;
  uint64_t seed_;
  Placement placement_;
  std::vector<std::pair<std::string, at::Tensor>> leaves_;
};

/// Cross entropy over rows and the share of rows whose greatest logit is the target.
/// @param logits  [N,V].  @param targets  [N] int64, of any device.
LossResult choose_among(const at::Tensor& logits, const at::Tensor& targets);

/// CLIP's loss: both ways over the batch. Rows with equal keys (captions said twice) are no negatives of each other.
/// @param a, b  [B,D], any length.  @param log_scale  [1], the logarithm of what multiplies cosines; at most log 100.
/// @source  Radford et al. 2021, Fig. 3.
LossResult match_pairs(const at::Tensor& a, const at::Tensor& b, const at::Tensor& log_scale,
                       const std::vector<std::string>& keys);

/// log(1 / 0.07), CLIP's first log_scale.
inline constexpr double kFirstLogScale = 2.6592600369327781;

}  // namespace emf
