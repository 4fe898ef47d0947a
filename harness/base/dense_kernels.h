// The two dense factorisations behind Frechet distances, in double precision. Eigen's, compiled once for every width of vector
// unit; the machine picks at start.
#pragma once

#include <cstdint>
#include <vector>

namespace emf {

struct DenseKernels {
  /// R of a QR. @param a  [rows, columns] column by column, rows >= columns; overwritten: the upper triangle of its first
  /// `columns` rows is R, the rest has no meaning.   @cost  2 rows columns^2, one thread.
  void (*factor)(double* a, int64_t rows, int64_t columns);
  /// Sum of the singular values of a b^T.   @param a, b  [rows, columns] column by column, finite.
  double (*nuclear_norm_of_product)(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns);
  const char* width;  ///< "baseline", "avx2", "avx512"
};

/// The widest that this machine runs.
const DenseKernels& dense_kernels();
/// All that this machine runs, the baseline first: tests compare them.
std::vector<DenseKernels> all_dense_kernels();

}  // namespace emf
