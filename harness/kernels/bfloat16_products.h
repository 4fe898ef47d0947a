// SPDX-License-Identifier: Apache-2.0
// Whether products in bf16 are worth asking for on a device.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace emf {

/// Whether the device multiplies bf16 itself: CUDA devices, and processors with AVX-512's products of bf16. Elsewhere
/// they would be imitated in fp32, slower than fp32 is.
bool has_bfloat16_products(const c10::Device& device);

/// Says once, where the device has none, that fp32 is computed in their place.
void note_missing_bfloat16_products(const c10::Device& device);

/// Which kernels the layers run on this processor: "avx512_bf16", "avx512", or "ATen".
std::string cpu_kernels_name();

}  // namespace emf
