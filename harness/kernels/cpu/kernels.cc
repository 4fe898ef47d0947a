// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/kernels.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace emf::fused {
namespace {

constexpr const char *kVariable = "EMFBENCH_CPU_KERNELS", *kBest = "avx512_bf16", *kWide = "avx512", *kNone = "none";

/// What may be used at most.
std::string allowed() {
  const char* const word = std::getenv(kVariable);
  if (word == nullptr || *word == '\0') return kBest;
  for (const char* known : {kBest, kWide, kNone}) {
    if (word == std::string(known)) return known;
  }
  // Asked before main(), so nobody would catch anything.
  std::fprintf(stderr, "emfbench: %s is '%s'; known: %s, %s, %s\n", kVariable, word, kBest, kWide, kNone);
  std::_Exit(2);
}

std::optional<CpuKernels> best_kernels() {
  const std::string most = allowed();
#ifdef EMF_CPU_KERNELS
  __builtin_cpu_init();
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  if (!wide || most == kNone) return {};
  if (__builtin_cpu_supports("avx512bf16") && most == kBest) return kernels_avx512_bf16();
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
