#include "harness/base/dense_kernels.h"

#include "harness/base/dense_kernels_body.h"
#include "harness/base/dense_kernels_widths.h"

namespace emf {

std::vector<DenseKernels> all_dense_kernels() {
  std::vector<DenseKernels> all = {{factor, nuclear_norm_of_product, "baseline"}};
#ifdef EMF_DENSE_WIDTHS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    all.push_back(dense_kernels_avx2());
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      all.push_back(dense_kernels_avx512());
    }
  }
#endif
  return all;
}

const DenseKernels& dense_kernels() {
  static const DenseKernels widest = all_dense_kernels().back();
  return widest;
}

}  // namespace emf
