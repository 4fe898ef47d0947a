// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/layer_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/kernels/device_operations.h"
#include "harness/kernels/tangent_rows.h"

namespace emf {
namespace {

thread_local bool plain_layer_norm = false;

/// y and 1 / sqrt(var + eps) of the last dimension.
std::pair<at::Tensor, at::Tensor> normalise(const at::Tensor& x, double eps) {
  if (plain_layer_norm) {
    const at::Tensor centred = x - x.mean(-1, true);
    const at::Tensor rstd = (centred.square().mean(-1, true) + eps).rsqrt();
    return {centred * rstd, rstd};
  }
  const auto [y, mean, rstd] = at::native_layer_norm(x, {x.size(-1)}, {}, {}, eps);
  return {y, rstd};
}

}  // namespace

PlainLayerNorm::PlainLayerNorm() : before_(plain_layer_norm) { plain_layer_norm = true; }
PlainLayerNorm::~PlainLayerNorm() { plain_layer_norm = before_; }

Dual layer_norm(const Dual& x, double eps) {
  const DeviceOperations* device = device_operations(x.value);
  if (device != nullptr && device->residual_norm != nullptr) {
    if (auto fused = device->residual_norm(x, {}, {}, {}, {}, eps)) return fused->normed;
  }
  const auto [y, rstd] = normalise(x.value, eps);
  Dual result{y, {}};
  if (x.has_tangent()) {
    const c10::AutoGradMode no_grad(false);
    const at::Tensor y_rows = y.narrow(0, 0, x.tangent_rows());
    const at::Tensor rstd_rows = rstd.narrow(0, 0, x.tangent_rows());
    const at::Tensor centred = x.tangent - x.tangent.mean(-1, true);
    result.tangent = (centred - y_rows * (x.tangent * y_rows).mean(-1, true)) * rstd_rows;
  }
  return result;
}

Dual modulate(const Dual& x, const Dual& shift, const Dual& scale) {
  const at::Tensor factor = scale.value.unsqueeze(1) + 1;
  Dual y{at::addcmul(shift.value.unsqueeze(1), x.value, factor), {}};
  const int64_t rows = common_tangent_rows({&x, &shift, &scale});
  if (rows > 0) {
    const c10::AutoGradMode no_grad(false);
    if (x.has_tangent()) y.tangent = x.tangent * factor.narrow(0, 0, rows);
    at::Tensor moved;
    if (scale.has_tangent()) {
      const at::Tensor stretched = x.value.narrow(0, 0, rows);
      moved = shift.has_tangent() ? at::addcmul(shift.tangent.unsqueeze(1), stretched, scale.tangent.unsqueeze(1))
                                  : stretched * scale.tangent.unsqueeze(1);
    } else if (shift.has_tangent()) {
      moved = shift.tangent.unsqueeze(1).expand_as(x.value.narrow(0, 0, rows));
    }
    if (moved.defined()) y.tangent = y.has_tangent() ? y.tangent + moved : moved;
  }
  return y;
}

}  // namespace emf
