// SPDX-License-Identifier: Apache-2.0
// Tensors as kernels want them: types they know, rows without gaps, places that can be read 16 bytes at a time.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <optional>

#include "harness/base/error.h"
#include "harness/kernels/fused/launchers.h"

namespace emf::fused {

/// Nothing for a type that no kernel of x's device has.
inline std::optional<ElementType> element_type(const at::Tensor& x) {
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return {};
  const ElementType type = x.scalar_type() == at::kFloat ? ElementType::kFloat32 : ElementType::kBfloat16;
  const auto takes = launchers(x.device()).takes;
  return takes == nullptr || takes(type) ? std::optional(type) : std::nullopt;
}

inline at::ScalarType scalar_type(ElementType type) {
  return type == ElementType::kFloat32 ? at::kFloat : at::kBFloat16;
}

inline bool is_at_multiple(const at::Tensor& x, size_t bytes) {
  return reinterpret_cast<uintptr_t>(x.const_data_ptr()) % bytes == 0;
}

/// x without its graph and without gaps, copied only where it must be; undefined stays so.
inline at::Tensor packed(const at::Tensor& x, ElementType type) {
  if (!x.defined()) return {};
  const at::Tensor dense = x.detach().to(scalar_type(type)).contiguous();
  return is_at_multiple(dense, 16) ? dense : dense.clone();
}

/// [B,D] as a kernel's vectors, which may be a piece of wider rows.
inline at::Tensor packed_vectors(const at::Tensor& x, ElementType type) {
  if (!x.defined()) return {};
  const at::Tensor vectors = x.detach().to(scalar_type(type));
  const bool fits = vectors.stride(1) == 1 && vectors.stride(0) % 4 == 0 &&
                    is_at_multiple(vectors, static_cast<size_t>(4 * vectors.element_size()));
  return fits ? vectors : packed(vectors, type);
}

inline SampleVector sample_vector(const at::Tensor& vectors) {
  return vectors.defined() ? SampleVector{vectors.const_data_ptr(), vectors.stride(0)} : SampleVector{};
}

inline const void* place_of(const at::Tensor& x) { return x.defined() ? x.const_data_ptr() : nullptr; }
inline void* mutable_place_of(const at::Tensor& x) { return x.defined() ? x.mutable_data_ptr() : nullptr; }

/// @throws InternalError  a launch failed.
inline void check_launch(const char* error, const char* name) {
  ensure(error == nullptr, "kernel {} was not launched: {}", name, error == nullptr ? "" : error);
}

/// Has one of the device's kernels do a call.
template <class Call>
void launch(const char* (*Launchers::*launcher)(const Call&, void*), const Call& call, const at::Device& device,
            const char* name) {
  const Launchers& table = launchers(device);
  check_launch((table.*launcher)(call, table.current_stream(device)), name);
}

/// A kernel's gradient is made of numbers that no graph knows of, so it must not be asked for one.
inline void refuse_second_derivative(const char* name) {
  ensure(!c10::GradMode::is_enabled(), "{}: the gradient of a device's kernel has no derivative; PlainOperations has",
         name);
}

}  // namespace emf::fused
