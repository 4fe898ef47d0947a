// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/residual.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/kernels/device_operations.h"
#include "harness/kernels/tangent_rows.h"

namespace emf {
namespace {

/// Sum of tangents, either of which may be undefined (zero).
at::Tensor sum_of(const at::Tensor& a, const at::Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a + b : a;
}

}  // namespace

Dual add(const Dual& x, const Dual& y) {
  Dual sum{x.value + y.value, {}};
  common_tangent_rows({&x, &y});  // for its check
  const c10::AutoGradMode no_grad(false);
  sum.tangent = sum_of(x.tangent, y.tangent);
  return sum;
}

Dual gated_residual(const Dual& x, const Dual& gate, const Dual& y) {
  const int64_t rows = common_tangent_rows({&x, &gate, &y});
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->gated_residual != nullptr) {
    if (auto fused = device->gated_residual(x, gate, y)) return *fused;
  }
  Dual sum{at::addcmul(x.value, y.value, gate.value.unsqueeze(1)), {}};
  if (rows > 0) {
    const c10::AutoGradMode no_grad(false);
    sum.tangent = x.tangent;
    if (y.has_tangent()) sum.tangent = sum_of(sum.tangent, y.tangent * gate.value.narrow(0, 0, rows).unsqueeze(1));
    if (gate.has_tangent()) {
      sum.tangent = sum_of(sum.tangent, y.value.narrow(0, 0, rows) * gate.tangent.unsqueeze(1));
    }
  }
  return sum;
}

}  // namespace emf
