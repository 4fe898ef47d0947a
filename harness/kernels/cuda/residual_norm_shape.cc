// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/residual_norm_backward_element.h"

namespace emf::fused {

int64_t partial_sums_of(int64_t samples, int64_t tokens, int width) {
  return samples * pieces_of(samples, tokens) * kPartialSums * width;
}

bool residual_norm_takes(int64_t width, ElementType stream, ElementType narrow) {
  return width > 0 && width % kQuad == 0 && width <= 8192 &&
         (stream == ElementType::kFloat32 || narrow == ElementType::kBfloat16);
}

}  // namespace emf::fused
