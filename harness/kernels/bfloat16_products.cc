// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/bfloat16_products.h"

#include <mutex>

#include "harness/base/progress.h"
#include "harness/kernels/cpu/kernels.h"

namespace emf {

bool has_bfloat16_products(const c10::Device& device) {
  return !device.is_cpu() || (fused::cpu_kernels() != nullptr && fused::cpu_kernels()->has_bf16);
}

void note_missing_bfloat16_products(const c10::Device& device) {
  static std::once_flag said;
  if (has_bfloat16_products(device)) return;
  std::call_once(said, [] {
    say("note: this processor has no products of bf16 (AVX512_BF16); where precision is bf16, fp32 is computed");
  });
}

std::string cpu_kernels_name() { return fused::cpu_kernels() == nullptr ? "ATen" : fused::cpu_kernels()->name; }

}  // namespace emf
