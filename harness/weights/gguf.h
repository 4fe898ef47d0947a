// SPDX-License-Identifier: Apache-2.0
// GGUF v3 checkpoints, memory-mapped: typed metadata, a checked tensor table, dequantisation by row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/file.h"
#include "harness/weights/ggml_blocks.h"

namespace emf {

/// One tensor as the file stores it. GGUF lists the fastest dimension first; here the slowest comes first, as
/// in LibTorch.
struct GgufTensor {
  std::vector<int64_t> shape;  ///< [out, in] for matrices
  const GgmlFormat* format = nullptr;
  const std::byte* data = nullptr;  ///< inside the map, whole: checked on opening
  int64_t num_rows = 0;             ///< product of all but the last dimension
  int64_t row_size = 0;             ///< values a row
  int64_t row_bytes = 0;
};

/// Rows first .. first + count - 1 as float32 into out (count * row_size values).   @cost  one pass, no
/// allocation.
void dequantise_rows(const GgufTensor& tensor, int64_t first, int64_t count, float* out);

/// A GGUF file. Opening reads the header only and checks every length in it against the file, so that a
/// truncated or hostile file ends in one UserError and no later read leaves the map. Safe to read from any
/// thread.
class GgufFile {
 public:
  /// Tensors of formats that are not read (IQ4_NL, Q2_K ...) may stand in it, as long as nobody asks for their values.
  /// @throws UserError  absent (kMissing); not GGUF v3; a length, type or offset that does not fit (names
  /// file and item).
  explicit GgufFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }

  bool has(std::string_view key) const { return metadata_.find(key) != metadata_.end(); }
  std::vector<std::string> keys() const;
  /// @throws UserError  absent or of another type (names file and key).
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::string_view text(std::string_view key) const;
  /// Views into the map; they live as long as this object.
  std::vector<std::string_view> texts(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;
  std::vector<float> numbers(std::string_view key) const;

  bool has_tensor(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  const std::map<std::string, GgufTensor, std::less<>>& tensors() const { return tensors_; }
  /// For reading its values.
  /// @param shape  what the architecture expects.   @throws UserError  absent, of another shape (says both), or of a
  /// format that is not read (names it).
  const GgufTensor& tensor(std::string_view name, const std::vector<int64_t>& shape) const;

  /// Gives back the memory of what has been read.
  void release() const { file_.release(); }

 private:
  struct Value {
    uint32_t type = 0;  ///< of the value, or of an array's elements
    bool is_array = false;
    uint64_t count = 1;
    const std::byte* at = nullptr;  ///< first element, every element checked
  };
  class Reader;

  const Value& find(std::string_view key, bool is_array, const char* expected, bool (*fits)(uint32_t type)) const;
  void read_metadata(Reader& reader, uint64_t count);
  void read_tensors(Reader& reader, uint64_t count);
  [[noreturn]] void fail(const std::string& what) const;

  MappedFile file_;
  std::map<std::string, Value, std::less<>> metadata_;
  std::map<std::string, GgufTensor, std::less<>> tensors_;
};

}  // namespace emf
