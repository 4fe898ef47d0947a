// SPDX-License-Identifier: Apache-2.0
// AdamW with gradient clipping and an exponential moving average, all of whose state goes into a checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/kernels/fused_adamw.h"
#include "harness/tensor/named_parameters.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// What a checkpoint gives.
struct LoadOptions {
  /// Take the weights and start moments, averages and counts anew: where another objective goes on.
  bool weights_only = false;
  /// Says which leaves the checkpoint may lack, by name; nothing = none. Only with weights_only.
  std::function<bool(const std::string& name)> may_be_absent;
};

/// State of training beyond the data: step count, moments, averages. Steps are ATen's fused AdamW, or a device's own
/// kernel for all of a step (harness/kernels/fused_adamw.h).
class Optimizer {
 public:
  /// @param ema_decay    beta of the average a step; 0.5^(batch / half-life).
  /// @param rate_shares  what part of the learning rate each parameter takes, in their order; empty = all of it.
  Optimizer(NamedParameters parameters, double weight_decay, double clip_norm, double ema_decay,
            const std::vector<double>& rate_shares = {});

  /// One step from the gradients, then clears them.
  /// @return  norm of the gradient before clipping; not finite means nothing was changed.
  double step(double learning_rate);
  /// The same without waiting for the device that the weights lie on.
  /// @return  the norm, a float64 scalar there. Where it is not finite, weights, moments and counts stay as they were.
  at::Tensor step_ahead(double learning_rate);

  /// Every leaf under "weight.", "moment1.", "moment2." and "average.", with the counts "steps" and "average_weight".
  NamedTensors state() const;
  /// @param origin  the checkpoint's path, for messages.
  /// @return  leaves that it lacks and may lack, which keep their values, in order.
  /// @throws UserError  another tensor is missing, or all are, or one has another shape (names it).
  std::vector<std::string> load(const NamedTensors& state, const LoadOptions& options, const std::string& origin);

 private:
  /// Consecutive parameters of one learning rate.
  struct Group {
    size_t first = 0, count = 0;
    double rate_share = 1;
  };

  std::vector<at::Tensor> take_gradients() const;
  void drop_gradients();
  /// Whether a device's kernel takes the steps; makes it when first asked.
  bool is_fused();
  at::Tensor step_fused(double learning_rate);
  /// AdamW, then the averages; gradients are dropped.   @param skip  a float32 scalar: 1 = change nothing; or nothing.
  void update(const std::vector<at::Tensor>& gradients, double learning_rate, const std::optional<at::Tensor>& skip);

  NamedParameters parameters_;
  std::vector<Group> groups_;
  std::vector<at::Tensor> weights_, moments1_, moments2_, steps_, averages_;
  double weight_decay_, clip_norm_, ema_decay_, ema_weight_ = 0;
  std::unique_ptr<FusedAdamw> fused_;  ///< then steps and ema_weight_ are its
  bool is_fused_known_ = false;
};

/// The tensor of a checkpoint.
/// @throws UserError  it is missing or not of `like`'s shape.
const at::Tensor& need_tensor(const NamedTensors& state, const std::string& name, const at::Tensor& like,
                              const std::string& origin);

/// The bias-corrected averages of a saved state, by parameter name.
NamedTensors averaged_weights(const NamedTensors& state);

}  // namespace emf
