// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/time_embedding_element.h"

namespace emf::fused {
namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads) time_embedding_kernel(TimeEmbedding call) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index < call.samples * call.half) time_embedding_angle(call, index);
}

}  // namespace

const char* launch_time_embedding(const TimeEmbedding& call, void* stream) {
  const int64_t angles = call.samples * call.half;
  if (angles == 0) return nullptr;
  time_embedding_kernel<<<static_cast<unsigned>((angles + kThreads - 1) / kThreads), kThreads, 0, as_stream(stream)>>>(
      call);
  return launch_error();
}

}  // namespace emf::fused
