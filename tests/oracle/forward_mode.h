// SPDX-License-Identifier: Apache-2.0
// The slow, clear reference for du/dt: LibTorch's forward-mode AD in double precision.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/forward_grad.h>

#include <functional>
#include <vector>

namespace emf {

/// Directional derivative of f at `values` along `tangents` (undefined = zero), by LibTorch's forward-mode AD in fp64.
inline at::Tensor forward_mode_tangent(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f,
                                       const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& tangents) {
  const uint64_t level = torch::autograd::ForwardADLevel::get_next_idx();
  std::vector<at::Tensor> duals;
  for (size_t i = 0; i < values.size(); ++i) {
    const at::Tensor value = values[i].to(at::kDouble);
    duals.push_back(tangents[i].defined()
                        ? at::_make_dual(value, tangents[i].to(at::kDouble), static_cast<int64_t>(level))
                        : value);
  }
  const at::Tensor output = f(duals);
  const at::Tensor tangent = std::get<1>(at::_unpack_dual(output, static_cast<int64_t>(level))).clone();
  torch::autograd::ForwardADLevel::release_idx(level);
  return tangent;
}

/// ||a - b|| / ||b|| in fp64.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor reference = b.to(at::kDouble);
  return ((a.to(at::kDouble) - reference).norm() / reference.norm()).item<double>();
}

}  // namespace emf
