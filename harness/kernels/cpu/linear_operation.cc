// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/linear_operation.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "harness/kernels/cpu/kernels.h"
#include "harness/kernels/cpu/packed_weights.h"
#include "harness/kernels/cpu/products.h"
#include "harness/kernels/fused/operation_tensors.h"

namespace emf::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<at::Tensor>;

/// What goes around autograd.
struct Request {
  ElementType element;
  at::Tensor tangent;    ///< of x
  at::Tensor y_tangent;  ///< out
};

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_value, const at::Tensor& weight,
                            const MaybeTensor& bias, Request* request) {
    const ElementType element = request->element;
    const at::Tensor x = rows_of(x_value, element);
    const auto packed = packed_weight(weight, element, WeightUse::kForward);
    const at::Tensor y = multiply(x, *packed, weight.size(0), bias, element);
    if (request->tangent.defined()) {
      request->y_tangent = multiply(rows_of(request->tangent, element), *packed, weight.size(0), {}, element);
    }
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    refuse_second_derivative("linear");
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const ElementType element = *element_type(x);
    const at::Tensor y_gradient = rows_of(gradients.front(), element);
    // Edges are numbered over the inputs that are there.
    const bool has_bias = context->saved_data["bias"].toBool(), x_wanted = context->needs_input_grad(0),
               weight_wanted = context->needs_input_grad(1), bias_wanted = has_bias && context->needs_input_grad(2);
    variable_list result(4);  // x, weight, bias, request
    if (x_wanted) {
      result[0] =
          multiply(y_gradient, *packed_weight(weight, element, WeightUse::kBackward), weight.size(1), {}, element);
    }
    if (weight_wanted || bias_wanted) {
      const auto [of_weight, of_bias] = weight_gradient(x, y_gradient, element);
      if (weight_wanted) result[1] = of_weight;
      if (bias_wanted) result[2] = of_bias;
    }
    return result;
  }
};

}  // namespace

std::optional<Dual> linear(const Dual& x, const at::Tensor& weight, const at::Tensor& bias) {
  const std::optional<ElementType> element = product_element(x.value);
  if (!element || !takes_product(x.value, weight, *element)) return {};
  if (bias.defined() && bias.scalar_type() != at::kFloat) return {};
  Request request{*element, x.tangent, {}};
  const at::Tensor y =
      LinearFunction::apply(x.value, weight, bias.defined() ? MaybeTensor(bias) : MaybeTensor(), &request);
  return Dual{y, request.y_tangent};
}

}  // namespace emf::fused
