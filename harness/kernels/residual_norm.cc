// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/residual_norm.h"

#include "harness/base/error.h"
#include "harness/kernels/device_operations.h"
#include "harness/kernels/layer_norm.h"
#include "harness/kernels/residual.h"
#include "harness/kernels/tangent_rows.h"

namespace emf {

NormedSum residual_norm(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift, const Dual& scale,
                        double eps) {
  ensure(branch.value.defined() || !gate.value.defined(), "a gate without a branch");
  ensure(shift.value.defined() == scale.value.defined(), "a shift and a scale come together");
  common_tangent_rows({&x, &gate, &branch, &shift, &scale});  // for its check
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->residual_norm != nullptr) {
    if (auto fused = device->residual_norm(x, gate, branch, shift, scale, eps)) return *fused;
  }
  NormedSum result;
  if (!branch.value.defined()) {
    result.sum = x;
  } else {
    result.sum = gate.value.defined() ? gated_residual(x, gate, branch) : add(x, branch);
  }
  result.normed = layer_norm(result.sum, eps);
  if (shift.value.defined()) result.normed = modulate(result.normed, shift, scale);
  return result;
}

Dual modulated_norm(const Dual& x, const Dual& shift, const Dual& scale, double eps) {
  return residual_norm(x, {}, {}, shift, scale, eps).normed;
}

}  // namespace emf
