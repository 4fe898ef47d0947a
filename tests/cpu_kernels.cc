// SPDX-License-Identifier: Apache-2.0
// The tests of harness/kernels/fused on the host's own kernels, skipped by name where its processor has none.
#include "harness/kernels/cpu/cpu_launchers.h"
#include "harness/kernels/cpu/kernels.h"
#include "tests/kernels_in_use.h"

namespace emf {

at::Device kernel_device() { return at::kCPU; }
fused::Launchers kernel_launchers() { return fused::cpu_launchers(); }
DeviceOperations operations_under_test() { return fused::cpu_operations(); }
bool has_kernel_device() { return fused::cpu_kernels() != nullptr; }

}  // namespace emf
