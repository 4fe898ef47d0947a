// SPDX-License-Identifier: Apache-2.0
// What lies in a store: its stages' folders, and which of them records name.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// <store>/runs/<kind>/<hash> of every stage and record, in order of their names.   @throws UserError  unreadable.
std::vector<std::filesystem::path> stage_folders(const std::filesystem::path& store);

/// "train/0123456789abcdef" of such a folder.
std::string stage_name(const std::filesystem::path& folder);

/// spec.json of a stage's folder; null where there is none that can be read.
Json spec_of(const std::filesystem::path& folder);

/// A suite's record as its spec tells of it, whether or not it has finished.
struct RecordedSuite {
  std::filesystem::path folder;
  std::string suite;             ///< its name
  std::set<std::string> stages;  ///< hashes
};
std::vector<RecordedSuite> recorded_suites(const std::filesystem::path& store);

}  // namespace emf
