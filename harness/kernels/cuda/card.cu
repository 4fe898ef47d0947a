// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/card.h"

#include <cuda_runtime_api.h>

namespace emf::fused {

bool has_card() {
  static const bool found = [] {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess) return count > 0;
    cudaGetLastError();  // or the first launch would report it
    return false;
  }();
  return found;
}

}  // namespace emf::fused
