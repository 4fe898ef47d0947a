// SPDX-License-Identifier: Apache-2.0
// What a build with CUDA adds: the layers' table is filled in, and launches go to LibTorch's stream.
#include <c10/cuda/CUDAStream.h>

#include "harness/kernels/cuda/operations.h"

namespace emf::cuda {

void* current_stream(const at::Device& device) { return c10::cuda::getCurrentCUDAStream(device.index()).stream(); }

namespace {

[[maybe_unused]] const bool registered = [] {
  set_device_operations(operations());
  return true;
}();

}  // namespace
}  // namespace emf::cuda
