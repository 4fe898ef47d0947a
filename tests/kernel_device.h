// SPDX-License-Identifier: Apache-2.0
// Where the tests of harness/kernels/fused run: the same tests for every device that has kernels.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/kernels/fused/launchers.h"

namespace emf {

/// The host for its own kernels (cpu_kernels.cc) and where those of CUDA are run there (host_kernels.cc), else the CUDA
/// device.
at::Device kernel_device();
/// Those under test.
fused::Launchers kernel_launchers();
/// Whether it is there.
bool has_kernel_device();

/// Whether they take a type at all. What they do not take is left to ATen.
inline bool kernels_take(at::ScalarType type) {
  const auto takes = kernel_launchers().takes;
  return takes == nullptr ||
         takes(type == at::kBFloat16 ? fused::ElementType::kBfloat16 : fused::ElementType::kFloat32);
}

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
    if (!has_kernel_device()) GTEST_SKIP() << "no device for these kernels";
    before_ = fused::launchers(kernel_device());
    fused::set_launchers(kernel_device().type(), kernel_launchers());
    at::manual_seed(3);
  }
  void TearDown() override {
    if (has_kernel_device()) fused::set_launchers(kernel_device().type(), before_);
  }

 private:
  fused::Launchers before_;
};

}  // namespace emf
