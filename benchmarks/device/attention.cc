// SPDX-License-Identifier: Apache-2.0
// The attention kernels alone on a CUDA device, beside LibTorch's attention of the value; one JSON line a problem.
// Launches are captured in a graph, ten at a time, so that the time is the device's and not the host's.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {
namespace {

void check(cudaError_t error) { ensure(error == cudaSuccess, "{}", cudaGetErrorString(error)); }
void check(const char* error) { ensure(error == nullptr, "{}", error == nullptr ? "" : error); }

void* stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

/// Median milliseconds of one call.
double milliseconds_of(const std::function<void()>& call) {
  constexpr int kCalls = 10, kRepetitions = 9;
  const c10::cuda::CUDAStreamGuard own(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, 0));
  call();
  check(cudaDeviceSynchronize());
  at::cuda::CUDAGraph graph;
  graph.capture_begin();
  for (int i = 0; i < kCalls; ++i) call();
  graph.capture_end();
  graph.replay();
  cudaEvent_t begin = nullptr, end = nullptr;
  check(cudaEventCreate(&begin));
  check(cudaEventCreate(&end));
  std::vector<float> times(kRepetitions);
  for (float& time : times) {
    check(cudaEventRecord(begin, static_cast<cudaStream_t>(stream())));
    graph.replay();
    check(cudaEventRecord(end, static_cast<cudaStream_t>(stream())));
    check(cudaEventSynchronize(end));
    check(cudaEventElapsedTime(&time, begin, end));
  }
  check(cudaEventDestroy(begin));
  check(cudaEventDestroy(end));
  std::nth_element(times.begin(), times.begin() + kRepetitions / 2, times.end());
  return times[kRepetitions / 2] / kCalls;
}

/// Random queries, keys and values of one projection, [B,N,3*H*d] bfloat16.
at::Tensor projection(const at::Tensor& like) { return at::randn_like(like); }

HeadRows rows_of(const at::Tensor& projected, int64_t which, int64_t heads, int64_t head_size) {
  const at::Tensor piece = projected.narrow(2, which * heads * head_size, heads * head_size);
  return {piece.const_data_ptr(), piece.stride(0), piece.stride(1), head_size};
}

void measure(int64_t batch, int64_t heads, int64_t tokens, int64_t head_size) {
  const at::TensorOptions there = at::TensorOptions(at::Device(at::kCUDA, 0)).dtype(at::kBFloat16);
  const at::Tensor value = at::randn({batch, tokens, 3 * heads * head_size}, there), tangent = projection(value),
                   output = at::empty({batch, tokens, heads * head_size}, there),
                   output_tangent = at::empty_like(output), gradient = at::randn_like(output),
                   gradients = at::empty_like(value),
                   log_sum_exp = at::empty({batch, heads, tokens}, there.dtype(at::kFloat)),
                   scratch = at::empty({batch, heads, padded_rows(tokens), 2}, there.dtype(at::kFloat));
  DualAttention call;
  call.batch = batch, call.heads = heads, call.queries = call.keys = tokens, call.head_size = head_size;
  call.scale = 1 / std::sqrt(static_cast<float>(head_size));
  const auto part = [&](const at::Tensor& projected, int64_t which) {
    return rows_of(projected, which, heads, head_size);
  };
  call.q = part(value, 0), call.k = part(value, 1), call.v = part(value, 2);
  call.output = output.mutable_data_ptr();
  call.log_sum_exp = static_cast<float*>(log_sum_exp.mutable_data_ptr());
  DualAttention queries = call;
  queries.tangent_batch = batch, queries.q_tangent = part(tangent, 0);
  queries.output_tangent = output_tangent.mutable_data_ptr();
  DualAttention all = queries;
  all.k_tangent = part(tangent, 1), all.v_tangent = part(tangent, 2);
  AttentionGradient backward;
  backward.batch = batch, backward.heads = heads, backward.queries = backward.keys = tokens;
  backward.head_size = head_size, backward.scale = call.scale;
  backward.q = call.q, backward.k = call.k, backward.v = call.v;
  const int64_t width = heads * head_size;
  backward.output = {output.const_data_ptr(), tokens * width, width, head_size};
  backward.output_gradient = {gradient.const_data_ptr(), tokens * width, width, head_size};
  backward.log_sum_exp = call.log_sum_exp;
  backward.rows = static_cast<RowNumbers*>(scratch.mutable_data_ptr());
  backward.q_gradient = part(gradients, 0), backward.k_gradient = part(gradients, 1);
  backward.v_gradient = part(gradients, 2);

  const double products = 2.0 * static_cast<double>(batch * heads * tokens * tokens * head_size);
  const auto line = [&](const char* what, double count, const std::function<void()>& run) {
    const double milliseconds = milliseconds_of(run);
    fmt::print("{}\n", Json{{"attention", what},
                            {"batch", batch},
                            {"heads", heads},
                            {"tokens", tokens},
                            {"head_size", head_size},
                            {"milliseconds", milliseconds},
                            {"tflop_per_second", count * products / milliseconds * 1e-9}}
                           .dump());
    std::fflush(stdout);
  };
  line("value", 2, [&] { check(launch(call, stream())); });
  line("value and tangent, all move", 6, [&] { check(launch(all, stream())); });
  line("value and tangent, queries move", 4, [&] { check(launch(queries, stream())); });
  line("gradient", 5, [&] { check(launch(backward, stream())); });
  const auto heads_of = [&](int64_t which) {
    return value.narrow(2, which * width, width).unflatten(-1, {heads, head_size}).transpose(1, 2);
  };
  line("value, LibTorch", 2, [&] { at::scaled_dot_product_attention(heads_of(0), heads_of(1), heads_of(2)); });
}

}  // namespace
}  // namespace emf::fused

int main() {
  emf::fused::measure(1, 32, 8192, 64);
  emf::fused::measure(64, 16, 256, 72);
  emf::fused::measure(64, 16, 256, 64);
  emf::fused::measure(8, 16, 1024, 128);
  return 0;
}
