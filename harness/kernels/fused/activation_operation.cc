// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/fused/activation.h"

#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "harness/kernels/fused/operation_tensors.h"
#include "harness/kernels/fused/operations.h"

namespace emf::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What goes around autograd.
struct Request {
  ActivationKind kind;
  at::Tensor tangent;    ///< of x
  at::Tensor y_tangent;  ///< out
};

class ActivationFunction : public torch::autograd::Function<ActivationFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& value, Request* request) {
    const ElementType type = *element_type(value);
    const at::Tensor x = packed(value, type), tangent = packed(request->tangent, type);
    const at::Tensor y = at::empty_like(x);
    if (tangent.defined()) request->y_tangent = at::empty_like(tangent);
    const Activation call{request->kind,       type,
                          x.numel(),           tangent.defined() ? tangent.numel() : 0,
                          place_of(x),         place_of(tangent),
                          mutable_place_of(y), mutable_place_of(request->y_tangent)};
    launch(&Launchers::activation, call, x.device(), "activation");
    context->save_for_backward({x});
    context->saved_data["kind"] = static_cast<int64_t>(request->kind);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    refuse_second_derivative("activation");
    const at::Tensor x = context->get_saved_variables().front();
    const c10::DeviceGuard guard(x.device());
    const ElementType type = *element_type(x);
    const at::Tensor y_gradient = packed(gradients.front(), type), x_gradient = at::empty_like(x);
    const ActivationBackward call{static_cast<ActivationKind>(context->saved_data["kind"].toInt()),
                                  type,
                                  x.numel(),
                                  place_of(x),
                                  place_of(y_gradient),
                                  mutable_place_of(x_gradient)};
    launch(&Launchers::activation_backward, call, x.device(), "activation_backward");
    return {x_gradient, at::Tensor()};
  }
};

std::optional<Dual> activation(ActivationKind kind, const Dual& x) {
  if (!element_type(x.value)) return {};
  const c10::DeviceGuard guard(x.value.device());
  Request request{kind, x.tangent, {}};
  const at::Tensor y = ActivationFunction::apply(x.value, &request);
  return Dual{y, request.y_tangent};
}

}  // namespace

std::optional<Dual> gelu(const Dual& x) { return activation(ActivationKind::kGelu, x); }
std::optional<Dual> silu(const Dual& x) { return activation(ActivationKind::kSilu, x); }

}  // namespace emf::fused
