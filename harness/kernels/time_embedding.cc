// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/time_embedding.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/kernels/device_operations.h"
#include "harness/tensor/placement.h"

namespace emf {

Dual time_embedding(const Dual& t, int64_t dimensions, double scale, double base) {
  ensure(t.value.scalar_type() == at::kFloat || t.value.scalar_type() == at::kDouble,
         "time must be fp32 or fp64, not {}", at::toString(t.value.scalar_type()));
  const DeviceOperations* device = device_operations(t.value);
  if (device != nullptr && device->time_embedding != nullptr) {
    if (auto fused = device->time_embedding(t, dimensions, scale, base)) return *fused;
  }
  const int64_t half = dimensions / 2;
  const at::Tensor exponents =
      at::arange(half, at::TensorOptions(at::kDouble)) * (-std::log(base) / static_cast<double>(half));
  const at::Tensor frequencies = to_device((exponents.exp() * scale).to(t.value.scalar_type()), t.value.device());
  const at::Tensor angles = t.value.unsqueeze(1) * frequencies;
  const at::Tensor cosines = angles.cos(), sines = angles.sin();
  Dual y{at::cat({cosines, sines}, 1), {}};
  if (t.has_tangent()) {
    const c10::AutoGradMode no_grad(false);
    const int64_t rows = t.tangent_rows();
    const at::Tensor speed = t.tangent.unsqueeze(1) * frequencies;
    y.tangent = at::cat({-sines.narrow(0, 0, rows) * speed, cosines.narrow(0, 0, rows) * speed}, 1);
  }
  return y;
}

}  // namespace emf
