// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretraining/leaves.h"

#include <ATen/ATen.h>
#include <cmath>

#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr double kMostLogScale = 4.6051701859880914;  // log 100

/// A float64 scalar.
at::Tensor share_right(const at::Tensor& logits, const at::Tensor& targets) {
  return logits.detach().argmax(-1).eq(targets).to(at::kFloat).mean().to(at::kDouble);
}

}  // namespace

at::Tensor Leaves::keep(const std::string& name, const at::Tensor& value) {
  leaves_.emplace_back(
      name, value.detach().to(placement_.device, value.scalar_type(), false, /*copy=*/true).requires_grad_());
  return leaves_.back().second;
}

at::Tensor Leaves::matrix(const std::string& name, at::IntArrayRef shape, double scale) {
  double inputs = 1;
  for (const int64_t size : shape.slice(1)) inputs *= static_cast<double>(size);
  return keep(name, normal_named(seed_, "encoder/" + prefix_ + "/" + name, shape) * (scale / std::sqrt(inputs)));
}

at::Tensor Leaves::constant(const std::string& name, at::IntArrayRef shape, double value) {
  return keep(name, at::full(shape, value, at::kFloat));
}

LossResult choose_among(const at::Tensor& logits, const at::Tensor& wanted) {
  const at::Tensor targets = to_device(wanted, logits.device()), loss = at::cross_entropy_loss(logits, targets);
  return {loss, {{"residual", loss}, {"accuracy", share_right(logits, targets)}}};
}

LossResult match_pairs(const at::Tensor& a, const at::Tensor& b, const at::Tensor& log_scale,
                       const std::vector<std::string>& keys) {
  const auto unit = [](const at::Tensor& x) { return x / x.norm(2, {-1}, true).clamp_min(1e-6); };
  const int64_t count = a.size(0);
  const at::Tensor same = at::zeros({count, count}, at::kBool);
  auto cells = same.accessor<bool, 2>();
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < count; ++j) {
      cells[i][j] = i != j && keys[static_cast<size_t>(i)] == keys[static_cast<size_t>(j)];
    }
  }
  const at::Tensor scale = log_scale.clamp_max(kMostLogScale).exp();
  const at::Tensor logits =
      (at::matmul(unit(a), unit(b).t()) * scale).masked_fill(to_device(same, a.device()), -INFINITY);
  const at::Tensor targets = at::arange(count, at::TensorOptions().device(a.device()).dtype(at::kLong));
  const at::Tensor loss = (at::cross_entropy_loss(logits, targets) + at::cross_entropy_loss(logits.t(), targets)) / 2;
  return {loss,
          {{"residual", loss}, {"accuracy", (share_right(logits, targets) + share_right(logits.t(), targets)) / 2}}};
}

}  // namespace emf
