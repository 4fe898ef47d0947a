// SPDX-License-Identifier: Apache-2.0
// What every build has where its processor has the kernels: the layers' table for tensors of the host.
#include "harness/kernels/cpu/cpu_launchers.h"
#include "harness/kernels/cpu/kernels.h"

namespace emf::fused {
namespace {

[[maybe_unused]] const bool registered = [] {
  if (cpu_kernels() == nullptr) return false;
  set_launchers(c10::DeviceType::CPU, cpu_launchers());
  set_device_operations(cpu_operations());
  return true;
}();

}  // namespace
}  // namespace emf::fused
