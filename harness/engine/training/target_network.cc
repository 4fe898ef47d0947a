// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/target_network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/engine/training/optimizer.h"

namespace emf {
namespace {

constexpr const char* kPrefix = "target.";

}  // namespace

TargetNetwork::TargetNetwork(std::unique_ptr<Model> target, const NamedParameters& network, double decay, int64_t batch)
    : target_(std::move(target)), share_(1 - std::pow(decay, static_cast<double>(batch))) {
  const NamedParameters& own = target_->parameters();
  ensure(own.size() == network.size(), "a target network of {} parameters for one of {}", own.size(), network.size());
  for (size_t i = 0; i < own.size(); ++i) {
    // The step below pairs tensors by their places alone, so a network built in another order would follow the
    // wrong weights without a word.
    ensure(own[i].first == network[i].first && own[i].second.sizes() == network[i].second.sizes(),
           "the target network's '{}' follows '{}'", own[i].first, network[i].first);
    // A loss must not train its own target, and the target's forward should keep no activations for a backward
    // that never comes.
    own[i].second.set_requires_grad(false);
    names_.push_back(own[i].first);
    weights_.push_back(own[i].second);
    followed_.push_back(network[i].second);
  }
  restart();
}

void TargetNetwork::restart() const {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) weights_[i].copy_(followed_[i]);
}

void TargetNetwork::follow() const {
  if (share_ == 1) return restart();  // a lerp over the whole way may round
  const at::NoGradGuard no_grad;
  at::_foreach_lerp_(weights_, followed_, share_);
}

void TargetNetwork::save(NamedTensors& state) const {
  // Saved in full: it depends on the weights of all past steps and cannot be computed from the last ones.
  for (size_t i = 0; i < weights_.size(); ++i) state[kPrefix + names_[i]] = weights_[i];
}

void TargetNetwork::load(const NamedTensors& state, const std::string& origin) const {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) {
    weights_[i].copy_(need_tensor(state, kPrefix + names_[i], weights_[i], origin));
  }
}

}  // namespace emf
