// SPDX-License-Identifier: Apache-2.0
// The dense factorisations and products behind distances of features, in double precision, compiled once for every
// width of vector unit; the machine picks at start.
#pragma once

#include <cstdint>
#include <vector>

namespace emf {

/// Threads that kernels may share work among. Results do not depend on how many there are.
struct Workers {
  int count = 1;
  /// Calls task(context, number, worker) for every number in 0..tasks, each once, with a worker in 0..count that no
  /// other call has at the same time. Tasks must not throw.
  void (*run)(int count, int64_t tasks, void (*task)(void* context, int64_t number, int worker), void* context);
};

/// `count` threads at most; 0: as many as the machine has cores.
Workers workers(int count = 0);

struct DenseKernels {
  /// Adds rows to a triangular factor: R^T R becomes R^T R + rows^T rows, by Householder reflections.
  ///
  /// @param r       [columns, columns] row by row, upper triangular; zeros below its first `filled` rows.
  /// @param filled  the smaller of `columns` and all rows that were appended before.
  /// @param rows    [count, columns] row by row; overwritten.
  /// @cost  2 count columns^2, less while the triangle is filled; one thread.
  void (*append_rows)(double* r, int64_t filled, double* rows, int64_t count, int64_t columns);
  /// Two diagonals whose singular values are those of a b^T, each with an error of some roundings of the largest.
  ///
  /// @param a, b      [rows, columns] row by row; their product must be finite.
  /// @param diagonal  [n], n = the smaller number of rows.   @param above  [n - 1], the diagonal above it.
  /// @cost  2 a_rows b_rows columns + 8/3 n^3, more where the numbers of rows differ much.
  void (*bidiagonal_of_product)(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns,
                                double* diagonal, double* above, const Workers& workers);
  /// product = a b^T.   @param a, b  [rows, columns] row by row.   @param product  [a_rows, b_rows] row by row.
  /// @cost  2 a_rows b_rows columns, one thread; elements do not depend on how many rows are multiplied at once.
  void (*product_of_rows)(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns,
                          double* product);
  const char* width;  ///< "baseline", "avx2", "avx512"
};

/// The widest that this machine runs.
const DenseKernels& dense_kernels();
/// All that this machine runs, the baseline first: tests compare them.
std::vector<DenseKernels> all_dense_kernels();

}  // namespace emf
