// SPDX-License-Identifier: Apache-2.0
// A value and its directional derivative, carried together through hand-written layers.
#pragma once

#include <ATen/core/Tensor.h>

namespace emf {

/// value [B,...] and, optionally, tangent [K,...]: the derivative of the first K <= B rows along one direction.
///
/// Rows without a tangent cost nothing: MeanFlow needs du/dt only where r != t, so those rows come first. The value may
/// carry an autograd graph; the tangent never does (MeanFlow's target is under stop-gradient).
struct Dual {
  at::Tensor value;
  at::Tensor tangent;  ///< undefined = zero everywhere

  bool has_tangent() const { return tangent.defined(); }
  int64_t tangent_rows() const { return has_tangent() ? tangent.size(0) : 0; }
  /// The rows of value the tangent belongs to, cut from the graph.
  at::Tensor primal() const { return value.detach().narrow(0, 0, tangent_rows()); }
};

}  // namespace emf
