// SPDX-License-Identifier: Apache-2.0
// What a folder held when it was finished: every file's size and SHA-256, so that it is verified and not believed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// In the folder itself; it lists all files but itself, LOCK, DONE, FAILED, CLEANED, temporary files and what it is
/// told to.
inline constexpr const char* kManifest = "manifest.json";

/// In a folder of which somebody removed files to save room: their names, a line each. It stands in no manifest.
inline constexpr const char* kCleaned = "CLEANED";

/// One file as it was written.
struct SealedFile {
  uint64_t bytes = 0;
  std::string sha256;
};

/// One file that is not what was written.
struct FolderDamage {
  std::string file;  ///< relative to the folder
  std::string what;  ///< "is missing", "has 12 bytes of 13", "has sha256 ab.., not cd.."
};

/// What a look at a sealed folder found.
struct FolderCheck {
  std::map<std::string, SealedFile> files;  ///< of the manifest; empty where that is damaged
  std::vector<FolderDamage> damage;         ///< in order of names; empty = all that was looked at is sound
  std::set<std::string> cleaned;            ///< files that were looked for, are absent, and are said to be in CLEANED
  uint64_t bytes = 0;                       ///< read
};

/// Writes manifest.json: {"schema": "emf.manifest/1", "files": {name: {"bytes", "sha256"}}} and what `about` says of
/// the folder, canonical JSON and a newline.
/// @param without  files that are about to be removed.
/// @return  the SHA-256 of manifest.json, which whoever marks the folder as finished keeps in the mark.
/// @throws UserError  as write_atomically; a file that cannot be read.   @cost  reads every file once.
std::string seal_folder(const std::filesystem::path& folder, const Json& about,
                        const std::set<std::string>& without = {});

/// Holds a folder against its manifest, and the manifest against the digest in the folder's mark and against `about`.
/// A manifest that is not the marked one is the only damage that is named: nothing it says counts.
/// @param wanted  which files are looked at; empty = all.
/// @param reads   called between pieces with the bytes read so far, may throw; empty = nobody asks.
FolderCheck check_folder(const std::filesystem::path& folder, const std::string& mark, const Json& about,
                         const std::function<bool(const std::string& file)>& wanted = {},
                         const std::function<void(uint64_t bytes)>& reads = {});

/// Before the digest in a FAILED, behind the reason: of a record that can be read though stages of it failed.
inline constexpr const char* kSealLine = "manifest ";

/// The digest ("<64 hex digits>\n") that a folder's DONE holds, or that stands in its FAILED; "" where there is none.
std::string sealed_mark(const std::filesystem::path& folder);

/// Names of all files below a folder that a manifest would list, in order.
std::vector<std::string> files_to_seal(const std::filesystem::path& folder);

/// "train/0123456789abcdef: result.json has ..." for people.
std::string describe_damage(const std::string& folder, const FolderDamage& damage);

}  // namespace emf
