// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cuda/launch_functions.h"

#include "harness/kernels/cuda/launch.h"

namespace emf::fused {

const char* unsupported(const DualAttention& p) {
  if (p.head_size < 8 || p.head_size > 128 || p.head_size % 8 != 0)
    return "head sizes are multiples of 8 from 8 to 128";
  if (p.batch < 1 || p.heads < 1 || p.queries < 1 || p.keys < 1) return "an attention without rows";
  if (p.output_tangent != nullptr && p.tangent_batch > 0) {
    const bool q = p.q_tangent.data != nullptr, k = p.k_tangent.data != nullptr, v = p.v_tangent.data != nullptr;
    if (!q || k != v) return "tangents of all three or of the queries alone";
  }
  return nullptr;
}

namespace {

/// Whether this problem runs on wgmma here.   @return  nullptr, or what CUDA says.
const char* ask_for_hopper(ElementType element, float scale, bool& hopper) {
  int device = 0, major = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  hopper = major == 9 && element == ElementType::kBfloat16 && scale > 0;
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace

const char* launch(const DualAttention& problem, void* stream) {
  bool hopper = false;
  if (const char* error = ask_for_hopper(problem.element, problem.scale, hopper)) return error;
  return hopper ? launch_hopper(problem, stream) : launch_plain(problem, stream);
}

const char* launch(const AttentionGradient& problem, void* stream) {
  bool hopper = false;
  if (const char* error = ask_for_hopper(problem.element, problem.scale, hopper)) return error;
  return hopper ? launch_hopper(problem, stream) : launch_plain(problem, stream);
}

}  // namespace emf::fused
