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

/// Parses one array: format 1 to 3, either byte order, either axis order; booleans, integers and floats of 16
/// to 64 bits.
/// @param where  names it in errors.   @throws UserError  not a .npy, truncated, lying header or another
/// dtype.
NpyArray parse_npy(std::string_view bytes, const std::string& where);

NpyArray read_npy(const std::filesystem::path& path);

/// Rows of an [N, D] .npy, converted as they are asked for, so that the file need not fit in memory.
class NpyRows {
 public:
  /// @throws UserError  absent (kMissing), as parse_npy, of another number of axes, or in column order.
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

/// One array of an .npz, stored or deflated.  @throws UserError  no such array (names those there are).
NpyArray read_npz(const std::filesystem::path& path, const std::string& name);

/// A float64 array as .npy bytes, for write_atomically.
std::string npy_bytes(const NpyArray& array);

/// Float64 arrays as the bytes of a stored .npz, in the order of their names; the same arrays give the same
/// bytes.
std::string npz_bytes(const std::map<std::string, NpyArray>& arrays);

}  // namespace emf
