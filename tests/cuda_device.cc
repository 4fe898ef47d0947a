// SPDX-License-Identifier: Apache-2.0
// The tests of harness/kernels/cuda on the first CUDA device, skipped by name where there is none.
#include <ATen/Context.h>

#include "tests/kernels_in_use.h"

namespace emf {

at::Device kernel_device() { return {at::kCUDA, 0}; }
fused::Launchers kernel_launchers() { return fused::launchers({at::kCUDA, 0}); }
DeviceOperations operations_under_test() { return fused::operations(kernel_device().type(), kernel_launchers()); }
bool has_kernel_device() { return at::hasCUDA() && at::getNumGPUs() > 0; }

}  // namespace emf
