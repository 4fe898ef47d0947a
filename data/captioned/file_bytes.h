// SPDX-License-Identifier: Apache-2.0
// Bytes from the middle of a file, read when they are asked for; nothing stays open and nothing is kept.
#pragma once

#include <cstdint>
#include <string>

namespace emf::captioned {

/// Exactly `length` bytes from `offset` on. Opens and closes the file: shards may be more than a process may hold open.
/// @throws UserError  absent (kMissing), unreadable, or shorter than that: it has changed since it was listed.
std::string read_bytes(const std::string& path, uint64_t offset, uint64_t length);

}  // namespace emf::captioned
