// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/cuda_launchers.h"

#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {

Launchers cuda_launchers() {
  Launchers table;
  table.residual_norm = launch_residual_norm;
  table.residual_norm_backward = launch_residual_norm_backward;
  table.residual_norm_takes = residual_norm_takes;
  table.residual_norm_partial_sums = partial_sums_of;
  table.activation = launch_activation;
  table.activation_backward = launch_activation_backward;
  table.attention = launch;
  table.attention_gradient = launch;
  table.time_embedding = launch_time_embedding;
  table.normal_rows = launch_normal_rows;
  table.uniform_rows = launch_uniform_rows;
  table.adamw_gradients = launch_adamw_gradients;
  table.adamw_norm = launch_adamw_norm;
  table.adamw_step = launch_adamw_step;
  return table;
}

}  // namespace emf::fused
