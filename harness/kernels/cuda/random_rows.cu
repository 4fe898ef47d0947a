// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/random_rows_element.h"

namespace emf::fused {
namespace {

constexpr int kThreads = 128;

template <bool kNormal>
__global__ void __launch_bounds__(kThreads) random_rows_kernel(RandomRows call) {
  const int64_t place = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (place < call.rows * blocks_of_row(call.count)) random_rows_block<kNormal>(call, place);
}

template <bool kNormal>
const char* launch(const RandomRows& call, void* stream) {
  const int64_t places = call.rows * blocks_of_row(call.count);
  if (places == 0) return nullptr;
  random_rows_kernel<kNormal>
      <<<static_cast<unsigned>((places + kThreads - 1) / kThreads), kThreads, 0, as_stream(stream)>>>(call);
  return launch_error();
}

}  // namespace

const char* launch_normal_rows(const RandomRows& call, void* stream) { return launch<true>(call, stream); }
const char* launch_uniform_rows(const RandomRows& call, void* stream) { return launch<false>(call, stream); }

}  // namespace emf::fused
