// SPDX-License-Identifier: Apache-2.0
// An optimizer's step over all parameters at once, for devices that have a kernel for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace emf {

/// What a step reads and changes; one entry a parameter in each list. fp32, contiguous, of equal shapes.
struct FusedAdamwTensors {
  std::vector<at::Tensor> weights, moments1, moments2, averages;
  std::vector<at::Tensor> copies;   ///< bf16, get the new weights; empty = none are kept
  std::vector<double> rate_shares;  ///< what part of the learning rate each takes; empty = all of it
};

struct FusedAdamwOptions {
  double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, weight_decay = 0;
  double clip_norm = 0;  ///< largest norm of the gradient, longer ones are shortened; 0 = as it is
  double ema_decay = 0;
};

/// Counts of a fused optimizer, as a checkpoint keeps them.
struct FusedAdamwCounts {
  double steps = 0, average_weight = 0;
};

/// AdamW and the moving average in one launch; norm, clip factor and counts stay on the device, so that no step waits
/// for the host. Calls come from one thread, on its current stream.
class FusedAdamw {
 public:
  virtual ~FusedAdamw() = default;

  /// Enqueues one step. A gradient that is not finite changes nothing, neither weights nor counts.
  /// @param gradients  one a parameter, of its shape, all fp32 or all bf16; undefined = zero.
  /// @param learning_rate  a double on the device, [] or [1]: read when the step runs, so that a captured step takes
  ///   whatever it holds then.
  virtual void step(const std::vector<at::Tensor>& gradients, const at::Tensor& learning_rate) = 0;

  /// Norm of the last step's gradient before clipping, a float64 scalar on the device; waits for nothing.
  virtual at::Tensor norm() const = 0;
  /// Waits for the last step.
  virtual FusedAdamwCounts counts() const = 0;
  virtual void set_counts(const FusedAdamwCounts& counts) = 0;
};

}  // namespace emf
