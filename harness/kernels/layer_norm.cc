#include "harness/kernels/layer_norm.h"

#include <ATen/core/grad_mode.h>

namespace emf {

Dual layer_norm(const Dual& x, double eps) {
  const auto [y, mean, rstd] = at::native_layer_norm(x.value, {x.value.size(-1)}, {}, {}, eps);
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
  const int64_t rows = std::max(x.tangent_rows(), scale.tangent_rows());
  if (rows > 0) {
    const c10::AutoGradMode no_grad(false);
    if (x.has_tangent()) y.tangent = x.tangent * factor.narrow(0, 0, rows);
    if (scale.has_tangent()) {
      const at::Tensor moved =
          at::addcmul(shift.tangent.unsqueeze(1), x.value.narrow(0, 0, rows), scale.tangent.unsqueeze(1));
      y.tangent = y.has_tangent() ? y.tangent + moved : moved;
    }
  }
  return y;
}

}  // namespace emf
