// SPDX-License-Identifier: Apache-2.0
// dense_kernels for processors with AVX2; this file alone is compiled for them (CMakeLists.txt).
#include "harness/statistics/dense/widths.h"

#ifdef EMF_DENSE_WIDTHS
#include "harness/statistics/dense/kernels_body.h"

namespace emf {

DenseKernels dense_kernels_avx2() { return {append_rows, bidiagonal_of_product, product_of_rows, "avx2"}; }

}  // namespace emf
#endif
