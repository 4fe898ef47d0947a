// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/activation_element.h"
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {
namespace {

constexpr int kThreads = 256;

template <class Element>
__global__ void __launch_bounds__(kThreads) activation_kernel(Activation call) {
  const int64_t pack = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (pack < packs_of<Element>(call.count)) activation_pack<Element>(call, pack);
}

template <class Element>
__global__ void __launch_bounds__(kThreads) activation_backward_kernel(ActivationBackward call) {
  const int64_t pack = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (pack < packs_of<Element>(call.count)) activation_backward_pack<Element>(call, pack);
}

template <class Element>
unsigned blocks_of(int64_t count) {
  return static_cast<unsigned>((packs_of<Element>(count) + kThreads - 1) / kThreads);
}

}  // namespace

const char* launch_activation(const Activation& call, void* stream) {
  if (call.count == 0) return nullptr;
  with_type(call.type, [&](auto element) {
    using Element = decltype(element);
    activation_kernel<Element><<<blocks_of<Element>(call.count), kThreads, 0, as_stream(stream)>>>(call);
  });
  return launch_error();
}

const char* launch_activation_backward(const ActivationBackward& call, void* stream) {
  if (call.count == 0) return nullptr;
  with_type(call.type, [&](auto element) {
    using Element = decltype(element);
    activation_backward_kernel<Element><<<blocks_of<Element>(call.count), kThreads, 0, as_stream(stream)>>>(call);
  });
  return launch_error();
}

}  // namespace emf::fused
