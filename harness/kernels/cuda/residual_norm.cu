// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/launch_functions.h"

#include <algorithm>

#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/residual_norm_element.h"
#include "harness/kernels/cuda/row_group_device.h"

namespace emf::fused {
namespace {

constexpr int kLeastThreads = 128;  // of a block: rows of one warp share it

template <class Stream, class Narrow, class Shape>
__global__ void __launch_bounds__(std::max(kLeastThreads, Shape::kThreads)) residual_norm_kernel(ResidualNorm call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * (blockDim.x / Shape::kThreads) + threadIdx.x / Shape::kThreads;
  if (row >= call.samples * call.tokens) return;  // whole warps leave, and blocks of one row never do
  DeviceGroup<ResidualNormLane<Shape::kQuads>, Shape::kThreads> group;
  residual_norm_row<Stream, Narrow, Shape::kQuads>(call, row, group);
}

template <class Stream, class Narrow, class Shape>
void launch(const ResidualNorm& call, cudaStream_t stream) {
  const int threads = std::max(kLeastThreads, Shape::kThreads);
  const int64_t rows = call.samples * call.tokens, rows_a_block = threads / Shape::kThreads;
  residual_norm_kernel<Stream, Narrow, Shape>
      <<<static_cast<unsigned>((rows + rows_a_block - 1) / rows_a_block), threads, 0, stream>>>(call);
}

}  // namespace

const char* launch_residual_norm(const ResidualNorm& call, void* stream) {
  if (call.samples * call.tokens == 0) return nullptr;
  with_types(call.stream, call.narrow, [&](auto wide, auto narrow) {
#define EMF_LAUNCH(largest, threads, quads)                                                               \
  if (call.width <= largest) {                                                                            \
    return launch<decltype(wide), decltype(narrow), GroupShape<threads, quads>>(call, as_stream(stream)); \
  }
    EMF_RESIDUAL_NORM_GROUPS(EMF_LAUNCH)
#undef EMF_LAUNCH
  });
  return launch_error();
}

}  // namespace emf::fused
