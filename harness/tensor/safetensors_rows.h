// SPDX-License-Identifier: Apache-2.0
// A safetensors file written row by row, for matrices larger than memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "harness/base/atomic_file.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// Writes one tensor [N,D] float32; N is known at the end. The header keeps room for any N, so the bytes may differ
/// from write_safetensors's of the same tensor by spaces in the header.
class SafetensorsRows {
 public:
  /// @throws UserError  as AtomicFile, from every method.
  SafetensorsRows(const std::filesystem::path& path, std::string name, int64_t row_size,
                  const TensorMetadata& metadata = {});

  /// @param rows  [n,D] float32.
  void append(const at::Tensor& rows);
  /// The file appears.
  void finish();
  int64_t num_rows() const { return num_rows_; }

 private:
  std::string header(int64_t num_rows) const;

  AtomicFile file_;
  std::string name_;
  int64_t row_size_, num_rows_ = 0;
  size_t room_ = 0;  ///< bytes kept for the header
  TensorMetadata metadata_;
};

}  // namespace emf
