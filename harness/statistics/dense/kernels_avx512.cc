// SPDX-License-Identifier: Apache-2.0
// dense_kernels for processors with AVX512; this file alone is compiled for them (CMakeLists.txt).
#include "harness/statistics/dense/widths.h"

#ifdef EMF_DENSE_WIDTHS
#include "harness/statistics/dense/kernels_body.h"

namespace emf {

DenseKernels dense_kernels_avx512() { return {append_rows, bidiagonal_of_product, product_of_rows, "avx512"}; }

}  // namespace emf
#endif
