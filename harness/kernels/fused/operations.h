// SPDX-License-Identifier: Apache-2.0
// The kernels as operations on tensors: what fills in harness/kernels/device_operations.h.
//
// Nothing here names a device: each finds its launchers by its tensors' device. The tests run these very functions on
// the host as well, with launchers that run the row and element functions of CUDA's kernels there.
#pragma once

#include "harness/kernels/device_operations.h"
#include "harness/kernels/fused/launchers.h"

namespace emf::fused {

std::optional<NormedSum> residual_norm(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift,
                                       const Dual& scale, double eps);
std::optional<Dual> gated_residual(const Dual& x, const Dual& gate, const Dual& y);
std::optional<Dual> gelu(const Dual& x);
std::optional<Dual> silu(const Dual& x);
std::optional<Dual> time_embedding(const Dual& t, int64_t dimensions, double scale, double base);
std::optional<Dual> attention(const Dual& q, const Dual& k, const Dual& v, int64_t num_heads, const at::Tensor& mask);
std::optional<at::Tensor> normal_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices,
                                      at::IntArrayRef shape, const at::Device& device);
std::unique_ptr<FusedAdamw> fused_adamw(const FusedAdamwTensors& tensors, const FusedAdamwOptions& options);

/// The table of those that a device's launchers serve.
DeviceOperations operations(c10::DeviceType device, const Launchers& launchers);

/// set_launchers(), and set_device_operations() of their operations.
void set_kernels(c10::DeviceType device, const Launchers& launchers);

}  // namespace emf::fused
