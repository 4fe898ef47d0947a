// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/activation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/kernels/device_operations.h"

namespace emf {

// A pointwise function's jvp equals its vjp, so ATen's backward kernels serve for both.

Dual gelu(const Dual& x) {
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->gelu != nullptr) {
    if (auto fused = device->gelu(x)) return *fused;
  }
  Dual y{at::gelu(x.value, "tanh"), {}};
  if (x.has_tangent()) {
    const c10::AutoGradMode no_grad(false);
    y.tangent = at::gelu_backward(x.tangent, x.primal(), "tanh");
  }
  return y;
}

Dual silu(const Dual& x) {
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->silu != nullptr) {
    if (auto fused = device->silu(x)) return *fused;
  }
  Dual y{at::silu(x.value), {}};
  if (x.has_tangent()) {
    const c10::AutoGradMode no_grad(false);
    y.tangent = at::silu_backward(x.tangent, x.primal());
  }
  return y;
}

}  // namespace emf
