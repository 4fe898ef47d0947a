// SPDX-License-Identifier: Apache-2.0
// Zips whose entries are stored as they stand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace emf {

/// Bytes of a zip with these entries (names in UTF-8, bytes) in this order. Equal entries give equal bytes: there is no
/// clock, and no packing, which another version of zlib would do otherwise.
///
/// @param zip64_from  sizes and places from here on are written in 64 bits, as the format asks beyond 32.
/// @source  PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& entries,
                       uint64_t zip64_from = 0xffffffff);

}  // namespace emf
