// SPDX-License-Identifier: Apache-2.0
// What lies in a tar shard and where: names and offsets of its files, which are never unpacked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace emf::captioned {

struct TarEntry {
  std::string name;
  uint64_t offset = 0, length = 0;  ///< of the file's bytes in the archive
  bool link = false;                ///< a link or a sparse file: its bytes do not stand here
};

/// Calls `found` for every file and link in the archive's order. Long names in GNU's or pax's way are known
/// (libarchive).
///
/// A tar without its end mark is told of on stderr.
/// @throws UserError  absent (kMissing); compressed or no tar; damaged or cut short (names file and byte).
/// @cost  one read of 10 KiB a file: its bytes are stepped over.
void list_tar(const std::string& path, const std::function<void(const TarEntry&)>& found);

}  // namespace emf::captioned
