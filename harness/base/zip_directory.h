// SPDX-License-Identifier: Apache-2.0
// What a zip's directory says of its entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace emf {

struct ZipEntry {
  std::string name;               ///< UTF-8; "folder/" of a folder
  uint64_t size = 0, packed = 0;  ///< bytes unpacked and packed; the directory may lie
  uint64_t header = 0;            ///< where the entry's own header stands in the file
  uint32_t crc = 0;               ///< CRC-32 of the unpacked bytes
  uint16_t method = 0;            ///< 0 stored, 8 deflate, 12 bzip2
  bool encrypted = false;
};

/// The entries in the directory's order, of small and of ZIP64 archives, with anything before the first of them.
///
/// @param file  the whole file.   @param where  names it in errors.
/// @param kind  "a zip", "an .npz": what it should be.
/// @throws UserError  no zip, or damaged: the directory is not all there, or contradicts the end record.
/// @cost  one pass over the directory; no claim of the file is allocated for.
/// @source  PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3; Info-ZIP's Unicode path (4.6.9).
std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> file, const std::string& where,
                                         const std::string& kind);

/// Where an entry's packed bytes stand in the file.   @param where  names the entry in errors.
/// @throws UserError  they do not, or are not all there.
std::span<const std::byte> packed_bytes(std::span<const std::byte> file, const ZipEntry& entry,
                                        const std::string& where);

}  // namespace emf
