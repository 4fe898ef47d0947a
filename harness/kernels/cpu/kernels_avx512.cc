// SPDX-License-Identifier: Apache-2.0
// The kernels for processors with AVX-512; this file alone is compiled for them (CMakeLists.txt).
#ifdef __AVX512F__
#include "harness/kernels/cpu/kernels_body.h"

namespace emf::fused {

CpuKernels kernels_avx512() { return all_kernels("avx512", /*has_bf16=*/false); }

}  // namespace emf::fused
#endif
