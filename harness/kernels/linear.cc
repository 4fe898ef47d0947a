// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/linear.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include "harness/kernels/device_operations.h"

namespace emf {
namespace {

/// The weight as products under autocast take it.
at::Tensor cast_by_autocast(const at::Tensor& weight) {
  const at::DeviceType device = weight.device().type();
  if (!at::autocast::is_autocast_enabled(device)) return weight;
  return at::autocast::cached_cast(at::autocast::get_autocast_dtype(device), weight, device);
}

}  // namespace

Dual linear(const Dual& x, const at::Tensor& weight, const at::Tensor& bias) {
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->linear != nullptr) {
    if (auto fused = device->linear(x, weight, bias)) return *fused;
  }
  if (!x.has_tangent()) return {at::linear(x.value, weight, bias), {}};
  // Once for both products: autocast itself would cast it for each.
  const at::Tensor cast = cast_by_autocast(weight);
  Dual y{at::linear(x.value, cast, bias), {}};
  const c10::AutoGradMode no_grad(false);
  y.tangent = at::linear(x.tangent, cast);
  return y;
}

}  // namespace emf
