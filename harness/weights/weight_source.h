// SPDX-License-Identifier: Apache-2.0
// Where an architecture takes its weights from: a Hugging Face folder or a GGUF file, under the same names.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/tensor/safetensors_file.h"

namespace emf {

/// A checkpoint's tensors by the names that Hugging Face's transformers gives them. Safe to read from any thread.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  /// File or folder, for error lines.
  virtual std::string origin() const = 0;
  /// Of every tensor, as they are stored.
  virtual std::vector<std::string> names() const = 0;
  /// The stored name of a tensor that transformers gives another; the same one where there is none.
  virtual std::string stored_name(const std::string& name) const { return name; }
  virtual bool has(const std::string& name) const = 0;
  /// @throws UserError  absent.
  virtual std::vector<int64_t> shape(const std::string& name) const = 0;
  /// Writes a tensor as float32 to out, whatever it is stored as.
  /// @param shape  what the architecture expects.
  /// @throws UserError  absent or of another shape (says both).   @cost  one pass, LibTorch's threads.
  virtual void read(const std::string& name, at::IntArrayRef shape, float* out) const = 0;
  /// Look-up in a [num_rows, row_size] table; the reader keeps the file open.
  /// @throws UserError  as read(); the reader itself on an id outside the table.
  virtual RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const = 0;
  /// Gives back the memory of what has been read; later reads fetch it again.
  virtual void release() const = 0;
};

}  // namespace emf
