// SPDX-License-Identifier: Apache-2.0
// Which layout a store has: results of older ones are never half-read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emf {

/// The number of the layout that RUN_FORMAT.md describes; raised when older stages can no longer be read.
inline constexpr int kStoreLayout = 3;
/// The last whose stages have the same specs and hashes, but no digests.
inline constexpr int kUnsealedLayout = 2;

/// The number of a store's layout; 0 = a store without stages.
/// @throws UserError  a LAYOUT that is no number.
int store_layout(const std::filesystem::path& store);

/// Makes a store ready for stages: its folders, and the file LAYOUT. A store of an older layout gets one line, once:
/// its stages are left as they are and run again beside. A store that was moved or copied since it was last opened is
/// said to be so, once; temporary files of processes that were killed are removed.
/// @throws UserError  a store that cannot be written, or of a newer layout.
void open_store(const std::filesystem::path& store);

/// Writes the LAYOUT of this program, without a word.
void mark_layout(const std::filesystem::path& store);

/// What people are told of a store that an older layout made: what to do with it; "" for all others.
std::string older_layout_notice(const std::filesystem::path& store);

/// What became of a store since open_store() last wrote its PLACE: "", or "was moved from ..." and the like.
std::string moved_notice(const std::filesystem::path& store);

/// Temporary files below a folder whose writers have died.
struct Leftovers {
  std::vector<std::filesystem::path> files;
  uint64_t bytes = 0;
};
/// @param removes  remove them, too.   @cost  a listing of the whole folder.
Leftovers find_leftovers(const std::filesystem::path& folder, bool removes);

}  // namespace emf
