// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/fused/operations.h"

namespace emf::fused {

DeviceOperations operations(c10::DeviceType device, const Launchers& launchers) {
  DeviceOperations table;
  table.device = device;
  table.is_there = launchers.is_there;
  if (launchers.residual_norm != nullptr) {
    table.residual_norm = residual_norm;
    table.gated_residual = gated_residual;
  }
  if (launchers.activation != nullptr) {
    table.gelu = gelu;
    table.silu = silu;
  }
  if (launchers.time_embedding != nullptr) table.time_embedding = time_embedding;
  if (launchers.attention != nullptr) table.attention = attention;
  if (launchers.normal_rows != nullptr) table.normal_rows = normal_rows;
  if (launchers.adamw_step != nullptr) table.fused_adamw = fused_adamw;
  return table;
}

void set_kernels(c10::DeviceType device, const Launchers& launchers) {
  set_launchers(device, launchers);
  set_device_operations(operations(device, launchers));
}

}  // namespace emf::fused
