// SPDX-License-Identifier: Apache-2.0
// A safetensors file, memory-mapped: its header is checked on opening, its tensors are read when asked for.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/safetensors_index.h"

namespace emf {

/// Where one tensor lies, and what it is to LibTorch.
struct SafetensorsEntry : StoredTensor {
  at::ScalarType type = at::kFloat;  ///< Undefined: of a dtype that is not read
};

/// Rows of a matrix by index: writes `count` rows as float32 to out (count * row_size values).
using RowReader = std::function<void(const int64_t* rows, int64_t count, float* out)>;

/// A SafetensorsIndex whose values are tensors.
class SafetensorsFile {
 public:
  /// @throws UserError  as SafetensorsIndex.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return index_.path(); }
  const std::map<std::string, std::string>& metadata() const { return index_.metadata(); }
  const std::map<std::string, SafetensorsEntry, std::less<>>& entries() const { return entries_; }
  bool has(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  std::vector<std::string> names() const { return index_.names(); }
  /// @throws UserError  absent (suggests the nearest name).
  const SafetensorsEntry& entry(std::string_view name) const;
  /// @throws UserError  absent or of another shape (says both).
  const SafetensorsEntry& entry(std::string_view name, at::IntArrayRef shape) const;

  /// The tensor in its stored dtype, viewing the map, which it keeps open; never write to it. Copied only where the
  /// file misaligns it.   @throws UserError  absent; a BOOL that is neither 0 nor 1.
  at::Tensor view(std::string_view name) const;
  /// A float32 copy.   @throws UserError  absent, of another shape or of integers.   @cost  one pass.
  at::Tensor tensor(std::string_view name, at::IntArrayRef shape) const;
  /// Row look-up in a [num_rows, row_size] matrix that stays in the map as it is stored (an embedding), which the
  /// result keeps open.   @throws UserError  as tensor(); the reader: an index outside 0 .. num_rows - 1.
  RowReader rows(std::string_view name, int64_t num_rows, int64_t row_size) const;

  /// Lets the kernel take back the memory of pages read so far; later reads fetch them again.
  void release() const;

 private:
  [[noreturn]] void fail_dtype(std::string_view name, const SafetensorsEntry& entry) const;

  SafetensorsIndex index_;
  std::map<std::string, SafetensorsEntry, std::less<>> entries_;
};

/// The format's name of a dtype ("BF16").   @throws InternalError  it has none.
std::string safetensors_dtype_name(at::ScalarType type);

}  // namespace emf
