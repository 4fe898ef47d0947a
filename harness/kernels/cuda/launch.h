// SPDX-License-Identifier: Apache-2.0
// What every launcher does. For .cu files alone.
#pragma once

#include <cuda_runtime_api.h>

namespace emf::fused {

inline cudaStream_t as_stream(void* stream) { return static_cast<cudaStream_t>(stream); }

/// null, or what CUDA says of the launch just made.
inline const char* launch_error() {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace emf::fused
