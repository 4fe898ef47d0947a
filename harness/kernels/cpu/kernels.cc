// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/kernels.h"

#include <optional>

namespace emf::fused {
namespace {

std::optional<CpuKernels> best_kernels() {
#ifdef EMF_CPU_KERNELS
  __builtin_cpu_init();
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  if (!wide) return {};
  if (__builtin_cpu_supports("avx512bf16")) return kernels_avx512_bf16();
  return kernels_avx512();
#else
  return {};
#endif
}

}  // namespace

const CpuKernels* cpu_kernels() {
  static const std::optional<CpuKernels> best = best_kernels();
  return best.has_value() ? &*best : nullptr;
}

}  // namespace emf::fused
