// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/adamw_element.h"
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {
namespace {

constexpr int kThreads = 256, kWarp = 32;

/// Sum over the block, in one order; thread 0's is whole.
__device__ double block_sum(double part) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) part += __shfl_down_sync(0xffffffffu, part, step);
  __shared__ double of_warp[kThreads / kWarp];
  if (threadIdx.x % kWarp == 0) of_warp[threadIdx.x / kWarp] = part;
  __syncthreads();
  double total = 0;
#pragma unroll
  for (int warp = 0; warp < kThreads / kWarp; ++warp) total += of_warp[warp];
  return total;
}

__global__ void __launch_bounds__(AdamwGradients::kMost)
    gradients_kernel(AdamwTensor* tensors, AdamwGradients gradients) {
  adamw_enter_gradient(tensors, gradients, static_cast<int>(threadIdx.x));
}

template <class Gradient>
__global__ void __launch_bounds__(kThreads) squares_kernel(AdamwCall call) {
  const AdamwChunk chunk = call.chunks[blockIdx.x];
  const double squares =
      block_sum(adamw_chunk_squares<Gradient>(call.tensors[chunk.tensor], chunk.first, threadIdx.x, kThreads));
  if (threadIdx.x == 0) call.chunk_squares[blockIdx.x] = squares;
}

__global__ void __launch_bounds__(kThreads) begin_step_kernel(AdamwCall call) {
  double squares = 0;
  for (int64_t i = threadIdx.x; i < call.num_chunks; i += kThreads) squares += call.chunk_squares[i];
  squares = block_sum(squares);
  if (threadIdx.x == 0) adamw_begin_step(call, squares, *call.state);
}

template <class Gradient>
__global__ void __launch_bounds__(kThreads) step_kernel(AdamwCall call) {
  if (call.state->is_finite == 0) return;
  const AdamwChunk chunk = call.chunks[blockIdx.x];
  const AdamwTensor tensor = call.tensors[chunk.tensor];
  const AdamwConstants constants = adamw_constants(call, *call.state, tensor.rate_share);
  adamw_chunk_step<Gradient>(tensor, constants, chunk.first, static_cast<int>(threadIdx.x), kThreads);
}

}  // namespace

const char* launch_adamw_gradients(const AdamwCall& call, const AdamwGradients& gradients, void* stream) {
  gradients_kernel<<<1, AdamwGradients::kMost, 0, as_stream(stream)>>>(call.tensors, gradients);
  return launch_error();
}

const char* launch_adamw_norm(const AdamwCall& call, void* stream) {
  if (call.num_chunks == 0) return nullptr;
  with_type(call.gradient_type, [&](auto gradient) {
    squares_kernel<decltype(gradient)>
        <<<static_cast<unsigned>(call.num_chunks), kThreads, 0, as_stream(stream)>>>(call);
  });
  begin_step_kernel<<<1, kThreads, 0, as_stream(stream)>>>(call);
  return launch_error();
}

const char* launch_adamw_step(const AdamwCall& call, void* stream) {
  if (call.num_chunks == 0) return nullptr;
  with_type(call.gradient_type, [&](auto gradient) {
    step_kernel<decltype(gradient)><<<static_cast<unsigned>(call.num_chunks), kThreads, 0, as_stream(stream)>>>(call);
  });
  return launch_error();
}

}  // namespace emf::fused
