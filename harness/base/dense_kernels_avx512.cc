// dense_kernels for processors with AVX512.
#include "harness/base/dense_kernels_widths.h"

#ifdef EMF_DENSE_WIDTHS
#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// This file alone is compiled for AVX512 (CMakeLists.txt).
#define Eigen Eigen_avx512
#include "harness/base/dense_kernels_body.h"

namespace emf {

DenseKernels dense_kernels_avx512() { return {factor, nuclear_norm_of_product, "avx512"}; }

}  // namespace emf
#endif
