// SPDX-License-Identifier: Apache-2.0
// What kernels*.cc compile, each for its own width of vector unit.
#pragma once

#include "harness/statistics/dense/append_rows.h"
#include "harness/statistics/dense/bidiagonal.h"

namespace emf {
namespace {

void product_of_rows(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns,
                     double* product) {
  const Matrix result{product, b_rows, 1};
  clear(result, a_rows, b_rows);
  const Room room(kProductRoom);
  multiply_add<false>(a_rows, b_rows, columns, {a, columns, 1}, ConstMatrix{b, columns, 1}.transposed(), result,
                      room.at());
}

}  // namespace
}  // namespace emf
