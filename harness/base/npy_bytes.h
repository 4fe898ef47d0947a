// SPDX-License-Identifier: Apache-2.0
// The bytes of an array, read from front to back: pictures by the ten thousands that need not fit in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/base/npy.h"

namespace emf {

/// An array in a .npy or an .npz, stored or deflated. Not thread-safe.
class NpyBytes {
 public:
  /// @param array  of an .npz; "" for a .npy.
  /// @throws UserError  as read_npy and read_npz.
  NpyBytes(const std::filesystem::path& file, const std::string& array);
  ~NpyBytes();
  NpyBytes(NpyBytes&&) noexcept;

  const NpyShape& shape() const { return shape_; }
  /// The next bytes behind the header, as they lie.  @throws UserError  fewer are left, or they are damaged.
  void read(uint8_t* target, size_t count);
  /// Begins anew.
  void rewind();

 private:
  class Stream;
  std::filesystem::path file_;
  std::string array_, where_;
  NpyShape shape_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace emf
