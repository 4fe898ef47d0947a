// SPDX-License-Identifier: Apache-2.0
// Where the tests of harness/kernels/cuda run: the same tests on the host and on a device.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace emf {

/// The host where the kernels' functions are run there (tests/host_kernels.cc), else the CUDA device.
at::Device kernel_device();
/// Whether it is there.
bool has_kernel_device();

/// New tensors are filled with NaN while one lives, so that what a kernel does not write is seen.
class PoisonedMemory {
 public:
  PoisonedMemory() {
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    at::globalContext().setDeterministicFillUninitializedMemory(true);
  }
  ~PoisonedMemory() { at::globalContext().setDeterministicAlgorithms(false, false); }
  PoisonedMemory(const PoisonedMemory&) = delete;
  PoisonedMemory& operator=(const PoisonedMemory&) = delete;
};

/// A test that needs kernel_device(), and is skipped where there is none.
class KernelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_kernel_device()) GTEST_SKIP() << "no CUDA device";
    at::manual_seed(3);
  }
};

}  // namespace emf
