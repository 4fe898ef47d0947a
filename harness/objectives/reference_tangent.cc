// SPDX-License-Identifier: Apache-2.0
#include "harness/objectives/reference_tangent.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/kernels/device_operations.h"
#include "harness/kernels/layer_norm.h"

namespace emf {
namespace {

/// The place where the derivative is taken, and its direction over all rows.
struct Place {
  std::vector<at::Tensor> values, directions;
  int64_t rows = 0;  ///< K

  /// Takes one input in; returns the value to compute with.
  Dual enter(const Dual& input) {
    if (!input.has_tangent()) return {input.value, {}};
    ensure(rows == 0 || rows == input.tangent_rows(), "tangents of {} and of {} rows meet", rows, input.tangent_rows());
    rows = input.tangent_rows();
    // A value with a history keeps it: the objective may differentiate through where it stands.
    const at::Tensor value =
        input.value.requires_grad() ? input.value : input.value.detach().clone().set_requires_grad(true);
    const at::Tensor rest = at::zeros_like(input.value).narrow(0, 0, input.value.size(0) - rows);
    values.push_back(value);
    directions.push_back(at::cat({input.tangent.to(value.scalar_type()), rest}));
    return {value, {}};
  }

  /// The derivative of y along the direction, first K rows.
  at::Tensor derivative(const at::Tensor& y) const {
    const at::Tensor w = at::zeros_like(y).set_requires_grad(true);
    const auto pulled = torch::autograd::grad({y}, values, {w}, /*retain_graph=*/true, /*create_graph=*/true,
                                              /*allow_unused=*/true);
    at::Tensor along;  // <g(w), d>
    for (size_t i = 0; i < pulled.size(); ++i) {
      if (!pulled[i].defined()) continue;  // y does not depend on this input
      const at::Tensor part = (pulled[i] * directions[i]).sum();
      along = along.defined() ? along + part : part;
    }
    if (!along.defined()) return at::zeros_like(y).narrow(0, 0, rows);
    const auto pushed = torch::autograd::grad({along}, {w}, {}, /*retain_graph=*/true, /*create_graph=*/true);
    return pushed.front().narrow(0, 0, rows);
  }
};

}  // namespace

GraphedTangents reference_tangents(const Model& model, const ModelInputs& inputs) {
  const c10::AutoGradMode graph(true);
  const PlainOperations differentiable;
  const PlainLayerNorm thrice_differentiable;
  Place place;
  ModelInputs values = inputs;
  values.z = place.enter(inputs.z);
  values.t = place.enter(inputs.t);
  values.interval = place.enter(inputs.interval);
  ensure(place.rows > 0, "no direction to differentiate along");

  const ModelOutputs outputs = model.forward(values);
  GraphedTangents tangents{outputs.u.value, place.derivative(outputs.u.value), {}, {}};
  for (const auto& [name, head] : outputs.heads) {
    tangents.heads[name] = head.value;
    tangents.heads_tangent[name] = place.derivative(head.value);
  }
  return tangents;
}

}  // namespace emf
