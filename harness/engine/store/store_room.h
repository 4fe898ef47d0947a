// SPDX-License-Identifier: Apache-2.0
// What takes room in a store, and what of it is left over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emf {

/// One row of what takes room.
struct RoomRow {
  std::string name;    ///< a kind of stage, a suite's name, a folder
  int64_t stages = 0;  ///< or files
  uint64_t bytes = 0;  ///< of files, each once: a shard that stages and cache share is the cache's
  uint64_t alone = 0;  ///< of suites: what no other record names
};

struct StoreRoom {
  std::vector<RoomRow> kinds, suites, folders;  ///< the largest first; folders are cache, reports, aside, ...
  uint64_t bytes = 0;
};

/// @throws UserError  no store.   @cost  a listing of the whole store.
StoreRoom measure_store(const std::filesystem::path& store);

/// Something that nobody needs any more.
struct LeftOver {
  std::string kind;  ///< "temporary", "aside", "unneeded"
  std::filesystem::path path;
  uint64_t bytes = 0;
  std::string why;
};

/// Temporary files of processes that were killed; what was moved aside, and shards that the feature cache set aside;
/// and stages that no record names, finished or not. Those of instruments, which have no records, are left out.
std::vector<LeftOver> find_left_over(const std::filesystem::path& store);

/// Takes the lock of a stage's folder if nobody has it.   @return  the descriptor to close; -1: somebody works on it.
int lock_if_free(const std::filesystem::path& folder);

/// Removes one of them; a stage only while nobody works on it.   @return  false where somebody does.
/// @throws UserError  it cannot be removed.
bool remove_left_over(const LeftOver& left_over);

}  // namespace emf
