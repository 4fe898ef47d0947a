// SPDX-License-Identifier: Apache-2.0
// A safetensors file of known shapes whose rows are written in any order, for tensors larger than memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "harness/base/atomic_file.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// What is never written stays zero. The bytes are write_safetensors's of the same tensors.
class SafetensorsInPlace {
 public:
  struct Shape {
    at::ScalarType dtype = at::kFloat;
    std::vector<int64_t> sizes;
  };

  /// @throws UserError  as AtomicFile, from every method.
  SafetensorsInPlace(const std::filesystem::path& path, const std::map<std::string, Shape>& tensors,
                     const TensorMetadata& metadata = {});

  /// Writes the leading elements of one row, sizes[0] being the number of rows.
  /// @param part  of the tensor's dtype, with as many elements as a row or fewer.
  void write_row(const std::string& name, int64_t row, const at::Tensor& part);
  /// The file appears.
  void finish() { file_.commit(); }

 private:
  struct Place {
    Shape shape;
    uint64_t begin = 0;
    int64_t row_size = 0;  ///< elements
  };

  AtomicFile file_;
  std::map<std::string, Place> places_;
};

}  // namespace emf
