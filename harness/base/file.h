// SPDX-License-Identifier: Apache-2.0
// Files that are either whole or absent: atomic writes, whole reads, read-only maps.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// Replaces a file in one step: writes a temporary beside it, syncs, renames. A killed process leaves the old file
/// or the new one, never half of either. Parent folders are made.
///
/// @throws UserError  read-only or forbidden folder (kBadInput); disk full (kInterrupted). The temporary is removed.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Sees that write_atomically() could write there, before long work whose result would be lost.
/// @throws UserError  as write_atomically.
void require_writable(const std::filesystem::path& path);

/// write_atomically of pretty_json(value).
void write_json(const std::filesystem::path& path, const Json& value);

/// True for a relative name that leads to no place outside the folder it is seen from, whatever links lie there.
bool stays_within(const std::filesystem::path& name);

/// True for a name that can stand in a path by itself: one to a hundred letters, digits, '_' and '-'.
bool is_plain_name(const std::string& name);

/// Whole file as bytes.
/// @throws UserError  absent (kMissing) or unreadable (kBadInput).
std::string read_file(const std::filesystem::path& path);

/// Parsed JSON file.  @throws UserError  absent, or malformed (names the byte).
Json read_json(const std::filesystem::path& path);

/// One JSON value a line; empty lines are skipped.  @throws UserError  names file and line.
std::vector<Json> read_json_lines(const std::filesystem::path& path);

/// Values as JSON Lines text, for write_atomically.
std::string json_lines(const std::vector<Json>& rows);

/// Makes a folder and its parents.  @throws UserError  as write_atomically.
void make_folder(const std::filesystem::path& path);

/// A file mapped read-only for the object's life. Movable, not copyable; safe to read from any thread.
class MappedFile {
 public:
  /// @throws UserError  absent (kMissing), unreadable or empty (kBadInput).
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  /// Lets the kernel take back the memory of pages read so far; later reads fetch them again.
  void release() const;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace emf
