// SPDX-License-Identifier: Apache-2.0
// The table of a device's kernels for one test.
#pragma once

#include "harness/kernels/fused/operations.h"
#include "tests/kernel_device.h"

namespace emf {

/// The table of the kernels under test.
DeviceOperations operations_under_test();

/// The layers take these for tensors on kernel_device() while one lives, and what they took before behind it.
class KernelsInUse {
 public:
  explicit KernelsInUse(DeviceOperations table) {
    const at::Tensor anything = at::empty({0}, at::TensorOptions(kernel_device()));
    if (const DeviceOperations* before = device_operations(anything)) before_ = *before;
    before_.device = table.device = kernel_device().type();
    set_device_operations(table);
  }
  ~KernelsInUse() { set_device_operations(before_); }
  KernelsInUse(const KernelsInUse&) = delete;
  KernelsInUse& operator=(const KernelsInUse&) = delete;

 private:
  DeviceOperations before_;
};

}  // namespace emf
