// SPDX-License-Identifier: Apache-2.0
// ggml's block formats turned to float32: one function a format, one table that names them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emf {

/// A storage format of `block_size` values in `block_bytes` bytes.
struct GgmlFormat {
  uint32_t type;  ///< ggml's number
  const char* name;
  int64_t block_size;
  int64_t block_bytes;
  /// Reads `blocks` whole blocks; out holds blocks * block_size values. nullptr: known by its size and name alone.
  void (*dequantise)(const std::byte* in, int64_t blocks, float* out);
};

/// nullptr when the type is not known here.
const GgmlFormat* ggml_format(uint32_t type);

}  // namespace emf
