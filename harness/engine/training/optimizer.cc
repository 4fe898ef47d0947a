// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/kernels/device_operations.h"

namespace emf {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEpsilon = 1e-8;

}  // namespace

const at::Tensor& need_tensor(const NamedTensors& state, const std::string& name, const at::Tensor& like,
                              const std::string& origin) {
  const auto found = state.find(name);
  // The shape is compared because copy_() would broadcast a smaller tensor without a word.
  if (found == state.end() || found->second.sizes() != like.sizes()) {
    fail_input("{}: checkpoint tensor '{}' is {}; remove the run folder and start anew", origin, name,
               found == state.end() ? "missing" : "of another shape");
  }
  return found->second;
}

Optimizer::Optimizer(NamedParameters parameters, double weight_decay, double clip_norm, double ema_decay,
                     const std::vector<double>& rate_shares)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay), clip_norm_(clip_norm), ema_decay_(ema_decay) {
  ensure(rate_shares.empty() || rate_shares.size() == parameters_.size(), "{} rates for {} parameters",
         rate_shares.size(), parameters_.size());
  for (const auto& [name, tensor] : parameters_) {
    // A fused step takes one learning rate, so parameters are grouped by it. Only neighbours share a group: the
    // lists stay in the order in which the gradient's norm is summed.
    const double share = rate_shares.empty() ? 1 : rate_shares[weights_.size()];
    if (groups_.empty() || groups_.back().rate_share != share) groups_.push_back({weights_.size(), 0, share});
    ++groups_.back().count;
    weights_.push_back(tensor);
    // The fused step of CUDA wants all of a parameter's tensors laid out alike, channels last or not.
    const auto format = tensor.is_cpu() ? at::MemoryFormat::Contiguous : at::MemoryFormat::Preserve;
    moments1_.push_back(at::zeros_like(tensor, format));
    moments2_.push_back(at::zeros_like(tensor, format));
    averages_.push_back(at::zeros_like(tensor, format));
    // The fused step wants a count for each parameter, although all of them are alike.
    steps_.push_back(at::zeros({}, tensor.options().dtype(at::kFloat).requires_grad(false)));
  }
}

std::vector<at::Tensor> Optimizer::take_gradients() const {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& weight : weights_) {
    // A leaf that the loss did not reach, such as a head without a target, counts as a gradient of zeros, so
    // that decay and averages treat all leaves alike.
    gradients.push_back(weight.grad().defined() ? weight.grad() : at::zeros_like(weight));
  }
  return gradients;
}

void Optimizer::drop_gradients() {
  // Dropped and not set to zero: backward then hands over its own tensor instead of adding to one.
  for (at::Tensor& weight : weights_) weight.mutable_grad().reset();
}

bool Optimizer::is_fused() {
  if (is_fused_known_) return fused_ != nullptr;
  is_fused_known_ = true;
  const DeviceOperations* device = device_operations(weights_.front());
  if (device == nullptr || device->fused_adamw == nullptr) return false;
  FusedAdamwTensors tensors{weights_, moments1_, moments2_, averages_, {}, std::vector<double>(weights_.size(), 1)};
  for (const Group& group : groups_) {
    std::fill_n(tensors.rate_shares.begin() + static_cast<int64_t>(group.first), group.count, group.rate_share);
  }
  for (const at::Tensor& weight : weights_) {
    // Convolutions' weights may lie channels last, and a piece of another tensor anywhere; their kernel is ATen's.
    const bool is_aligned = reinterpret_cast<uintptr_t>(weight.const_data_ptr()) % 16 == 0;
    if (weight.scalar_type() != at::kFloat || !weight.is_contiguous() || !is_aligned) return false;
  }
  fused_ = device->fused_adamw(tensors, {kBeta1, kBeta2, kEpsilon, weight_decay_, clip_norm_, ema_decay_});
  fused_->set_counts({steps_.front().item<double>(), ema_weight_});
  return true;
}

at::Tensor Optimizer::step_fused(double learning_rate) {
  std::vector<at::Tensor> gradients;  // undefined ones count as zeros
  for (const at::Tensor& weight : weights_) gradients.push_back(weight.grad());
  fused_->step(gradients, at::full({}, learning_rate, weights_.front().options().dtype(at::kDouble)));
  drop_gradients();
  return fused_->norm();
}

double Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  if (is_fused()) return step_fused(learning_rate).item<double>();
  const std::vector<at::Tensor> gradients = take_gradients();
  // In double and in one order: the norm decides how much is clipped, and a resumed run must clip exactly as an
  // undisturbed one.
  double squares = 0;
  for (const at::Tensor& norm : at::_foreach_norm(gradients, 2)) {
    const double value = norm.item<double>();
    squares += value * value;
  }
  const double norm = std::sqrt(squares);
  // Before anything is changed, so that the caller can stop with weights that are still sound.
  if (!std::isfinite(norm)) return norm;
  if (clip_norm_ > 0 && norm > clip_norm_) at::_foreach_mul_(gradients, clip_norm_ / norm);
  at::_foreach_add_(steps_, 1);
  update(gradients, learning_rate, std::nullopt);
  return norm;
}

at::Tensor Optimizer::step_ahead(double learning_rate) {
  const at::NoGradGuard no_grad;
  if (is_fused()) return step_fused(learning_rate);
  const std::vector<at::Tensor> gradients = take_gradients();
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients, 2)).to(at::kDouble).square().sum().sqrt();
  const at::Tensor skip = norm.isfinite().logical_not().to(at::kFloat);
  if (clip_norm_ > 0) at::_foreach_mul_(gradients, (clip_norm_ / norm).clamp_max(1).to(at::kFloat));
  at::_foreach_add_(steps_, 1 - skip);
  update(gradients, learning_rate, skip);
  return norm;
}

void Optimizer::update(const std::vector<at::Tensor>& gradients, double learning_rate,
                       const std::optional<at::Tensor>& skip) {
  for (const Group& group : groups_) {
    const auto part = [&](const std::vector<at::Tensor>& all) {
      return at::TensorList(all).slice(group.first, group.count);
    };
    at::_fused_adamw_(part(weights_), part(gradients), part(moments1_), part(moments2_), {}, part(steps_),
                      learning_rate * group.rate_share, kBeta1, kBeta2, weight_decay_, kEpsilon,
                      /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::nullopt, /*found_inf=*/skip);
  }
  // The average starts at zero, and ema_weight_ is what the same recursion makes of ones. Their quotient is the
  // average without the weight of that start.
  at::_foreach_lerp_(averages_, weights_, 1 - ema_decay_);
  ema_weight_ = ema_weight_ * ema_decay_ + (1 - ema_decay_);
  drop_gradients();
}

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].first;
    state["weight." + name] = weights_[i];
    state["moment1." + name] = moments1_[i];
    state["moment2." + name] = moments2_[i];
    state["average." + name] = averages_[i];
  }
  const FusedAdamwCounts counts = fused_ != nullptr ? fused_->counts() : FusedAdamwCounts{0, ema_weight_};
  state["steps"] = fused_ != nullptr ? at::full({}, counts.steps, at::kFloat) : steps_.front();
  // In float64, because it comes so near to 1 that float32 would not tell the last steps apart.
  state["average_weight"] = at::full({}, counts.average_weight, at::kDouble);
  return state;
}

std::vector<std::string> Optimizer::load(const NamedTensors& state, const LoadOptions& options,
                                         const std::string& origin) {
  ensure(options.weights_only || !options.may_be_absent, "a run that goes on needs all of its checkpoint");
  const at::NoGradGuard no_grad;
  std::vector<std::string> absent;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].first;
    if (options.may_be_absent && state.count("weight." + name) == 0 && options.may_be_absent(name)) {
      absent.push_back(name);
      continue;
    }
    // Copied in place, because the model and the target network hold these very tensors.
    weights_[i].copy_(need_tensor(state, "weight." + name, weights_[i], origin));
    if (options.weights_only) continue;
    moments1_[i].copy_(need_tensor(state, "moment1." + name, weights_[i], origin));
    moments2_[i].copy_(need_tensor(state, "moment2." + name, weights_[i], origin));
    averages_[i].copy_(need_tensor(state, "average." + name, weights_[i], origin));
    steps_[i].copy_(need_tensor(state, "steps", steps_[i], origin));
  }
  // A checkpoint without a single name in common is the wrong file and not a network that grew.
  if (absent.size() == parameters_.size()) fail_input("{}: it holds nothing of what is trained here", origin);
  if (!options.weights_only) {
    ema_weight_ = need_tensor(state, "average_weight", at::zeros({}), origin).item<double>();
    if (fused_ != nullptr) fused_->set_counts({steps_.front().item<double>(), ema_weight_});
  }
  return absent;
}

NamedTensors averaged_weights(const NamedTensors& state) {
  // @source  Kingma and Ba 2015 divide their moments by the same quantity and call it bias correction.
  const double weight = state.at("average_weight").item<double>();
  NamedTensors averages;
  const std::string prefix = "average.";
  for (const auto& [name, tensor] : state) {
    if (name.rfind(prefix, 0) == 0) averages[name.substr(prefix.size())] = tensor / weight;
  }
  return averages;
}

}  // namespace emf
