// SPDX-License-Identifier: Apache-2.0
// How many rows an operation of several duals carries tangents for.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "harness/base/error.h"
#include "harness/tensor/dual.h"

namespace emf {

/// K of an operation's tangent: 0 when none of its inputs moves.
/// @throws InternalError  two inputs carry tangents of different K. A tangent that ends early means "no derivative
///   wanted", not
///   "zero", so their sum would be wrong in the rows between without anybody noticing.
inline int64_t common_tangent_rows(std::initializer_list<const Dual*> inputs) {
  int64_t rows = 0;
  for (const Dual* input : inputs) rows = std::max(rows, input->tangent_rows());
  for (const Dual* input : inputs) {
    ensure(!input->has_tangent() || input->tangent_rows() == rows, "tangents of {} and of {} rows meet",
           input->tangent_rows(), rows);
  }
  return rows;
}

}  // namespace emf
