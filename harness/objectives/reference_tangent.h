// SPDX-License-Identifier: Apache-2.0
// The slow reference of du/dt: with a graph through the derivative itself.
#pragma once

#include <map>
#include <string>

#include "harness/api/model.h"

namespace emf {

/// A network's outputs and their derivatives, all with graphs.
struct GraphedTangents {
  at::Tensor u, u_tangent;                                 ///< [B,C,H,W], [K,C,H,W]
  std::map<std::string, at::Tensor> heads, heads_tangent;  ///< likewise, by name
};

/// The same as Model::forward(inputs), but the tangents are differentiable too, in the parameters, in z, t and the
/// interval, and in the condition. An objective whose gradient flows through du/dt (TVM, "terminal velocity") needs
/// this; MeanFlow, whose target is under stop-gradient, does not, and the layers' own tangents (harness/kernels) are
/// several times cheaper.
///
/// How: for y = f(x), g(w) = (dy/dx)^T w is linear in w, so its derivative by w along the direction d is (dy/dx) d, the
/// jvp. Two backward passes with graphs give it from reverse mode alone; the model's own tangents are never asked. Its
/// gradient is a third derivative: models made of harness/kernels are right there, and one that calls ATen's fused
/// layer norm itself is not (see PlainLayerNorm); hold a new model's gradient against finite differences first, as
/// reference_tangent_test.cc does.
///
/// @param inputs  as for Model::forward; tangents of z, t and interval of the first K rows are the direction (undefined
///   = zero).
/// @cost  about 3 forwards a differentiated output, and 3 more in its backward; activations of all of them stay in
///   memory.
GraphedTangents reference_tangents(const Model& model, const ModelInputs& inputs);

}  // namespace emf
