// SPDX-License-Identifier: Apache-2.0
// What a safetensors file holds: its header, checked against the file, and numbers of it without any tensor library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/file.h"
#include "harness/base/json.h"

namespace emf {

/// Where one tensor lies.
struct StoredTensor {
  std::string dtype;  ///< the format's name: "F32", "BF16" ...
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  ///< inside the map, at any alignment
};

/// Bytes of a value of a dtype; 0 = a dtype whose values are not read.
size_t safetensors_value_bytes(std::string_view dtype);

/// Opening reads the header only. A truncated or hostile file ends in one UserError that names the tensor, and no later
/// read leaves the map. The file must not be cut while it is open (replacing it by rename is fine). Safe to read from
/// any thread.
class SafetensorsIndex {
 public:
  /// Tensors of dtypes that are not read (F8_E4M3, U32 ...) may stand in it, as long as nobody asks for their values.
  /// @throws UserError  absent (kMissing); truncated; a header that lies: data outside the file, overlapping or with
  /// gaps.
  explicit SafetensorsIndex(const std::filesystem::path& path);

  const std::shared_ptr<const MappedFile>& file() const { return file_; }
  const std::filesystem::path& path() const { return file_->path(); }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, StoredTensor, std::less<>>& tensors() const { return tensors_; }
  std::vector<std::string> names() const;

  /// Values of a tensor of F64, F32, F16 or BF16, or of integers, in double precision.
  /// @throws UserError  absent (suggests the nearest name), or of another dtype.   @cost  one pass.
  std::vector<double> numbers(std::string_view name) const;

 private:
  [[noreturn]] void fail(std::string_view name, const std::string& what) const;
  void read_tensors(const Json& header, std::span<const std::byte> payload);
  StoredTensor stored_tensor(const std::string& name, const Json& value, std::span<const std::byte> payload) const;
  void check_layout(std::span<const std::byte> payload) const;

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, StoredTensor, std::less<>> tensors_;
};

}  // namespace emf
