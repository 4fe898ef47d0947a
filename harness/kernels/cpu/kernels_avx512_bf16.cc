// SPDX-License-Identifier: Apache-2.0
// The kernels for processors with AVX-512's products of bf16; this file alone is compiled for them (CMakeLists.txt).
#ifdef __AVX512F__
#include "harness/kernels/cpu/kernels_body.h"

namespace emf::fused {

CpuKernels kernels_avx512_bf16() { return all_kernels("avx512_bf16", /*has_bf16=*/true); }

}  // namespace emf::fused
#endif
