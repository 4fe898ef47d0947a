// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/operations.h"

namespace emf::cuda {

DeviceOperations operations() {
  DeviceOperations table;
  table.residual_norm = residual_norm;
  table.gated_residual = gated_residual;
  table.gelu = gelu;
  table.silu = silu;
  table.time_embedding = time_embedding;
  table.attention = attention;
  table.normal_rows = normal_rows;
  table.fused_adamw = fused_adamw;
  return table;
}

}  // namespace emf::cuda
