// SPDX-License-Identifier: Apache-2.0
// A second network whose weights slowly follow the trained ones (ObjectiveWants::target_decay).
#pragma once

#include <memory>
#include <string>

#include "harness/api/model.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// Weights w' <- beta w' + (1 - beta) w after each step, beta = decay^batch: the decay is a picture's, so that it means
/// the same at another batch. At decay 0 the target equals the network at each step's start. Never averaged, never
/// trained; part of checkpoints under "target.", so that a resumed run goes on with the same bytes.
class TargetNetwork {
 public:
  /// @param target    its parameters' gradients are switched off; starts equal to `network`.
  /// @param network   of equal names and shapes.   @param decay  a picture, in [0, 1).   @param batch  pictures a step.
  TargetNetwork(std::unique_ptr<Model> target, const NamedParameters& network, double decay, int64_t batch);

  const Model& model() const { return *target_; }
  /// Makes the target equal to the network: where a training begins.
  void restart() const;
  /// After a step of the network.
  void follow() const;

  /// Adds the weights under "target.".
  void save(NamedTensors& state) const;
  /// @throws UserError  a tensor is missing or has another shape (names it).
  void load(const NamedTensors& state, const std::string& origin) const;

 private:
  std::unique_ptr<Model> target_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> weights_, followed_;
  double share_;  ///< 1 - beta
};

}  // namespace emf
