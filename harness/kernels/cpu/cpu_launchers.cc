// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/cpu_launchers.h"

#include <algorithm>

#include "harness/kernels/cpu/kernels.h"
#include "harness/kernels/cpu/linear_operation.h"
#include "harness/kernels/fused/adamw_state.h"
#include "harness/tensor/parallel.h"

namespace emf::fused {
namespace {

constexpr int64_t kNumbersAPiece = 1 << 15;

int64_t pieces_of_rows(int64_t width) { return std::max<int64_t>(1, kNumbersAPiece / std::max<int64_t>(1, width)); }

const char* run_residual_norm(const ResidualNorm& call, void*) {
  parallel_for(call.samples * call.tokens, pieces_of_rows(call.width),
               [&](int64_t begin, int64_t end) { cpu_kernels()->residual_norm(call, begin, end); });
  return nullptr;
}

const char* run_residual_norm_backward(const ResidualNormBackward& call, void*) {
  parallel_for(call.samples, pieces_of_rows(call.tokens * call.width),
               [&](int64_t begin, int64_t end) { cpu_kernels()->residual_norm_backward(call, begin, end); });
  return nullptr;
}

bool takes_residual_norm(int64_t width, ElementType stream, ElementType narrow) {
  const bool single = stream == ElementType::kFloat32 && narrow == ElementType::kFloat32;
  return width > 0 && width <= 8192 && (single || (narrow == ElementType::kBfloat16 && cpu_kernels()->has_bf16));
}

const char* run_activation(const Activation& call, void*) {
  parallel_for(call.count, kNumbersAPiece,
               [&](int64_t begin, int64_t end) { cpu_kernels()->activation(call, begin, end); });
  return nullptr;
}

const char* run_activation_backward(const ActivationBackward& call, void*) {
  parallel_for(call.count, kNumbersAPiece,
               [&](int64_t begin, int64_t end) { cpu_kernels()->activation_backward(call, begin, end); });
  return nullptr;
}

const char* run_attention(const DualAttention& call, void*) {
  parallel_for(call.batch * call.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) cpu_kernels()->attention(call, i / call.heads, i % call.heads);
  });
  return nullptr;
}

const char* run_attention_gradient(const AttentionGradient& call, void*) {
  parallel_for(call.batch * call.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) cpu_kernels()->attention_gradient(call, i / call.heads, i % call.heads);
  });
  return nullptr;
}

const char* enter_adamw_gradients(const AdamwCall& call, const AdamwGradients& gradients, void*) {
  for (int i = 0; i < gradients.count; ++i) call.tensors[gradients.first + i].gradient = gradients.places[i];
  return nullptr;
}

const char* run_adamw_norm(const AdamwCall& call, void*) {
  parallel_for(call.num_chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) call.chunk_squares[i] = cpu_kernels()->adamw_chunk_squares(call, i);
  });
  double squares = 0;
  for (int64_t i = 0; i < call.num_chunks; ++i) squares += call.chunk_squares[i];
  adamw_begin_step(call, squares, *call.state);
  return nullptr;
}

const char* run_adamw_step(const AdamwCall& call, void*) {
  if (call.state->is_finite == 0) return nullptr;
  parallel_for(call.num_chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) cpu_kernels()->adamw_chunk_step(call, i);
  });
  return nullptr;
}

}  // namespace

Launchers cpu_launchers() {
  Launchers table;
  table.current_stream = [](const c10::Device&) -> void* { return nullptr; };
  table.takes = [](ElementType element) { return element == ElementType::kFloat32 || cpu_kernels()->has_bf16; };
  table.residual_norm = run_residual_norm;
  table.residual_norm_backward = run_residual_norm_backward;
  table.residual_norm_takes = takes_residual_norm;
  table.residual_norm_partial_sums = [](int64_t, int64_t, int) -> int64_t { return 0; };
  table.activation = run_activation;
  table.activation_backward = run_activation_backward;
  table.attention = run_attention;
  table.attention_gradient = run_attention_gradient;
  table.adamw_gradients = enter_adamw_gradients;
  table.adamw_norm = run_adamw_norm;
  table.adamw_step = run_adamw_step;
  return table;
}

DeviceOperations cpu_operations() {
  DeviceOperations table = operations(c10::DeviceType::CPU, cpu_launchers());
  table.linear = linear;
  return table;
}

}  // namespace emf::fused
