// SPDX-License-Identifier: Apache-2.0
// Brings finished stages of another store in: a stage is named by what it is made of, so equal names are equal work.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emf {

struct MergedStores {
  int64_t merged = 0, known = 0, unfinished = 0;  ///< stages brought in, here already, and left where they are
  uint64_t bytes = 0;                             ///< brought in
  std::vector<std::string> suites;                ///< whose records came in, in order of their names
  std::vector<std::string> different;             ///< "kind/hash" of stages known here with another result; ours stay
  std::vector<std::string> damaged;  ///< "kind/hash: file ...": not what was written there; left where they are
  std::vector<std::string> foreign;  ///< folders whose spec does not hash to their name; left where they are
};

/// Copies every stage that is DONE in `from` and not here, the files of its manifest, each checked as it lies here
/// afterwards. A stage's mark is written last, so a process that dies
/// leaves unfinished stages and nothing half-read; the same call goes on. The features' cache is not merged: stages
/// bring the texts that they read.
/// @throws UserError  `from` is no store, of another layout, or this very store; a store that cannot be read or
///   written; kInterrupted.
/// @cost  a read of every result, and a copy of what is new, read twice.
MergedStores merge_stores(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace emf
