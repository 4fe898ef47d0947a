// SPDX-License-Identifier: Apache-2.0
// Before anything else: LibTorch remembers whether there is CUDA.
#include <gtest/gtest.h>

#include "tests/device/host_cuda.h"

int main(int count, char** words) {
  if (!emf::host_cuda::install()) return 77;  // this LibTorch has CUDA itself
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
