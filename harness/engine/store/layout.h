// Which layout a store has: results of older ones are never half-read.
#pragma once

#include <filesystem>
#include <string>

namespace emf {

/// The number of the layout that RUN_FORMAT.md describes; raised when older stages can no longer be read.
inline constexpr int kStoreLayout = 2;

/// The number of a store's layout; 0 = a store without stages.
/// @throws UserError  a LAYOUT that is no number.
int store_layout(const std::filesystem::path& store);

/// Makes a store ready for stages: its folders, and the file LAYOUT. A store of an older layout gets one line, once:
/// its stages are left as they are and run again beside.
/// @throws UserError  a store that cannot be written, or of a newer layout.
void open_store(const std::filesystem::path& store);

/// What people are told of a store that an older layout made: what to do with it; "" for all others.
std::string older_layout_notice(const std::filesystem::path& store);

}  // namespace emf
