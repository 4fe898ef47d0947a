// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/residual_norm_backward_element.h"
#include "harness/kernels/cuda/row_group_device.h"

namespace emf::fused {
namespace {

template <class Stream, class Narrow, class Shape>
__global__ void __launch_bounds__(Shape::kThreads) residual_norm_backward_kernel(ResidualNormBackward call) {
  DeviceGroup<ResidualNormBackwardLane<Shape::kQuads>, Shape::kThreads> group;
  residual_norm_backward_piece<Stream, Narrow, Shape::kQuads>(call, blockIdx.x / pieces_of(call.samples, call.tokens),
                                                              blockIdx.x % pieces_of(call.samples, call.tokens), group);
}

constexpr int kAddThreads = 128;

template <class Narrow>
__global__ void __launch_bounds__(kAddThreads) add_pieces_kernel(ResidualNormBackward call) {
  const int64_t quad = static_cast<int64_t>(blockIdx.x) * kAddThreads + threadIdx.x;
  if (quad < call.samples * (call.width / kQuad)) {
    residual_norm_add_pieces<Narrow>(call, static_cast<int>(blockIdx.y), quad);
  }
}

template <class Stream, class Narrow, class Shape>
void launch_pieces(const ResidualNormBackward& call, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(call.samples * pieces_of(call.samples, call.tokens));
  residual_norm_backward_kernel<Stream, Narrow, Shape><<<blocks, Shape::kThreads, 0, stream>>>(call);
}

}  // namespace

const char* launch_residual_norm_backward(const ResidualNormBackward& call, void* stream) {
  if (call.samples * call.tokens == 0) return nullptr;
  with_types(call.stream, call.narrow, [&](auto wide, auto narrow) {
#define EMF_LAUNCH(largest, threads, quads)                                                                      \
  if (call.width <= largest) {                                                                                   \
    return launch_pieces<decltype(wide), decltype(narrow), GroupShape<threads, quads>>(call, as_stream(stream)); \
  }
    EMF_RESIDUAL_NORM_BACKWARD_GROUPS(EMF_LAUNCH)
#undef EMF_LAUNCH
  });
  const char* error = launch_error();
  if (error != nullptr || call.partial_sums == nullptr) return error;
  const int64_t quads = call.samples * (call.width / kQuad);
  const dim3 blocks(static_cast<unsigned>((quads + kAddThreads - 1) / kAddThreads), kPartialSums);
  with_type(call.narrow, [&](auto narrow) {
    add_pieces_kernel<decltype(narrow)><<<blocks, kAddThreads, 0, as_stream(stream)>>>(call);
  });
  return launch_error();
}

}  // namespace emf::fused
