// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy and .npz files as matrices of doubles: what other tools store features in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/file.h"

namespace emf {

struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<double> values;  ///< row-major whatever the file's order; 64-bit integers beyond 2^53 are rounded
};

/// What the header of an array says.
struct NpyShape {
  std::string kind;  ///< dtype without byte order: "f4", "u1"
  std::vector<int64_t> shape;
  bool column_order = false;  ///< the first axis runs fastest
  size_t begin = 0;           ///< bytes before the first number
};

/// Parses one array: format 1 to 3, either byte order, either axis order; booleans, integers and floats of 16
/// to 64 bits.
/// @param where  names it in errors.   @throws UserError  not a .npy, truncated, a header that lies about the bytes
/// behind it, or another dtype.
NpyArray parse_npy(std::string_view bytes, const std::string& where);

/// The header, of which `bytes` must hold all (kMostNpyHeader are enough), of an array of `size` bytes with its header.
/// @throws UserError  as parse_npy.
NpyShape parse_npy_shape(std::string_view bytes, uint64_t size, const std::string& where);

/// numpy itself refuses headers beyond 10,000 characters unless it is told otherwise.
inline constexpr size_t kMostNpyHeader = (1 << 16) + 12;

NpyArray read_npy(const std::filesystem::path& path);

/// The header alone, of a file whose numbers are all there.  @throws UserError  as read_npy.
NpyShape read_npy_shape(const std::filesystem::path& path);

/// Rows of an [N, D] .npy, converted as they are asked for, so that the file need not fit in memory.
class NpyRows {
 public:
  /// @throws UserError  absent (kMissing), as parse_npy, or of another number of axes.
  explicit NpyRows(const std::filesystem::path& path);
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  /// Rows [begin, begin + count) into `values`, which becomes as long.
  void read(int64_t begin, int64_t count, std::vector<double>& values) const;

 private:
  MappedFile file_;
  int64_t rows_ = 0, columns_ = 0;
};

/// Names of the arrays in an .npz, sorted, without ".npy".  @throws UserError  absent (kMissing) or not a
/// zip.
std::vector<std::string> npz_names(const std::filesystem::path& path);

/// The headers of an .npz's arrays, by name, without their numbers. Arrays of text or objects are left out.
/// @throws UserError  as npz_names; an array whose header is damaged.
std::map<std::string, NpyShape> npz_shapes(const std::filesystem::path& path);

/// One array of an .npz, stored or deflated.  @throws UserError  no such array (names those there are).
NpyArray read_npz(const std::filesystem::path& path, const std::string& name);

/// A float64 array as .npy bytes, for write_atomically.
std::string npy_bytes(const NpyArray& array);

/// Float64 arrays as the bytes of a stored .npz, in the order of their names; the same arrays give the same
/// bytes.
std::string npz_bytes(const std::map<std::string, NpyArray>& arrays);

}  // namespace emf
