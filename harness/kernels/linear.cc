// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/linear.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace emf {

Dual linear(const Dual& x, const at::Tensor& weight, const at::Tensor& bias) {
  Dual y{at::linear(x.value, weight, bias), {}};
  if (x.has_tangent()) {
    const c10::AutoGradMode no_grad(false);
    y.tangent = at::linear(x.tangent, weight);
  }
  return y;
}

}  // namespace emf
