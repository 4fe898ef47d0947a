// SPDX-License-Identifier: Apache-2.0
// The CPU's kernels as launchers: each shares a call's rows among LibTorch's threads and is done when it returns.
#pragma once

#include "harness/kernels/fused/operations.h"

namespace emf::fused {

/// All kernels that this processor has; cpu_kernels() is not null.
Launchers cpu_launchers();

/// Operations on them, and the affine layers, which the CPU's own products serve.
DeviceOperations cpu_operations();

}  // namespace emf::fused
