// SPDX-License-Identifier: Apache-2.0
// Singular values of two diagonals.
#pragma once

#include <vector>

namespace emf {

/// Sum of the singular values of the matrix with these diagonals, each with an error of some roundings of the largest.
///
/// Implicit QR without vectors, with Demmel and Kahan's sweep where no shift is wanted (1990).
/// @param diagonal, above  [n], [n - 1], n >= 1, finite.   @cost  about 2 n^2 rotations.
double sum_of_singular_values(std::vector<double> diagonal, std::vector<double> above);

}  // namespace emf
