// SPDX-License-Identifier: Apache-2.0
// The safetensors format: a JSON header, then raw little-endian tensors. Written atomically, read by memory map.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace emf {

using NamedTensors = std::map<std::string, at::Tensor>;
using TensorMetadata = std::map<std::string, std::string>;

/// Writes tensors (any shape; float64/32/16, bfloat16, int64/32, uint8, bool),
/// sorted by name: equal tensors, equal bytes.
/// @throws UserError  as write_atomically; InternalError on a dtype the format lacks.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const TensorMetadata& metadata = {});

/// Reads every tensor (copies; the file may be replaced afterwards).
/// @param metadata  when given, receives the header's __metadata__.
/// @throws UserError  absent (kMissing); truncated, lying header or unknown dtype (names the tensor).
NamedTensors read_safetensors(const std::filesystem::path& path, TensorMetadata* metadata = nullptr);

}  // namespace emf
