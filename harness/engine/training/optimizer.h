// AdamW with gradient clipping and an exponential moving average, all of whose state goes into a checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/tensor/named_parameters.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// State of training beyond the data: step count, moments, averages. Steps are ATen's fused AdamW.
class Optimizer {
 public:
  /// @param ema_decay    beta of the average a step; 0.5^(batch / half-life).
  /// @param rate_shares  what part of the learning rate each parameter takes, in their order; empty = all of it.
  Optimizer(NamedParameters parameters, double weight_decay, double clip_norm, double ema_decay,
            const std::vector<double>& rate_shares = {});

  /// One step from the gradients, then clears them.
  /// @return  norm of the gradient before clipping; not finite means nothing was changed.
  double step(double learning_rate);

  /// Weights, moments, EMA and counts under "model.", "moment1." ...
  NamedTensors state() const;
  /// @param weights_only  take the weights and start moments and EMA anew.
  /// @throws UserError  a tensor is missing or has another shape (names it).
  void load(const NamedTensors& state, bool weights_only, const std::string& origin);

 private:
  /// Consecutive parameters of one learning rate.
  struct Group {
    size_t first = 0, count = 0;
    double rate_share = 1;
  };

  NamedParameters parameters_;
  std::vector<Group> groups_;
  std::vector<at::Tensor> weights_, moments1_, moments2_, steps_, averages_;
  double weight_decay_, clip_norm_, ema_decay_, ema_weight_ = 0;
};

/// The bias-corrected averages of a saved state, by parameter name.
NamedTensors averaged_weights(const NamedTensors& state);

}  // namespace emf
