// SPDX-License-Identifier: Apache-2.0
// Random tensors whose rows are keyed by sample index, not by their place in a batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

namespace emf {

/// Standard normals [B, shape...] float32: row i is a function of (seed, stream, indices[i]) alone.
at::Tensor normal_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices,
                       at::IntArrayRef shape);

/// Uniforms in [0,1), [B] float32, keyed likewise.
at::Tensor uniform_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices);

/// Standard normals of any shape keyed by a name: initial parameters of equal name and shape start equal everywhere.
at::Tensor normal_named(uint64_t seed, std::string_view name, at::IntArrayRef shape);

}  // namespace emf
