// SPDX-License-Identifier: Apache-2.0
// What is trained, by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace emf {

/// Leaves that are trained, in a fixed order: sums over all of them (the gradient's norm) depend on it.
using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

/// Forgets what backward() left.
inline void clear_gradients(const NamedParameters& parameters) {
  for (const auto& [name, tensor] : parameters) tensor.mutable_grad().reset();
}

}  // namespace emf
