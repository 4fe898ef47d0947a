// SPDX-License-Identifier: Apache-2.0
// Operations that ATen runs in many passes over memory, in one. Each has its slow clear reference beside it, which is
// what runs when gradients are recorded, and on a device.
#pragma once

#include <ATen/core/Tensor.h>

namespace emf {

/// x / sqrt(mean(x^2) + epsilon) * weight over the last dimension, rounded to `out_type` once, at the end.
///
/// @param x         [T,D] float32, contiguous.   @param weight  [D] float32.
/// @param out_type  at::kFloat or at::kBFloat16.
/// @return  [T,D].   @cost  one pass; LibTorch's threads.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType out_type);

/// Turns the first `num_turned` heads of each token: dimension i with i + S/2, by the token's angles; computed in
/// float32.
///
/// @param heads         [T,N,S] float32 or bfloat16, contiguous. Overwritten unless gradients are recorded.
/// @param cosine, sine  [T,1,S/2] float32.
/// @return  [T,N,S]: `heads` itself, or a new tensor where gradients are recorded.   @cost  one pass.
at::Tensor turn_heads(const at::Tensor& heads, int64_t num_turned, const at::Tensor& cosine, const at::Tensor& sine);

namespace reference {
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType out_type);
at::Tensor turn_heads(const at::Tensor& heads, int64_t num_turned, const at::Tensor& cosine, const at::Tensor& sine);
}  // namespace reference

}  // namespace emf
