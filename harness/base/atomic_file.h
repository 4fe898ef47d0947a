// SPDX-License-Identifier: Apache-2.0
// A file written piece by piece that appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace emf {

/// write_atomically piece by piece, for files larger than memory. Nothing stands at the path before commit(). The
/// temporary file beside it (NAME.PID.SERIAL.tmp) is locked (flock) while it is written, so that one that a dead
/// process left can be told from one that is under way.
class AtomicFile {
 public:
  /// @throws UserError  as write_atomically, from every method.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void append(std::string_view bytes);
  /// Appends zeros, which take no room on the disk until they are overwritten.
  void extend(uint64_t count);
  /// Replaces bytes already appended.
  void overwrite(uint64_t at, std::string_view bytes);
  /// Syncs and renames; once, last.
  void commit();

 private:
  void write_at(uint64_t at, std::string_view bytes);

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  bool committed_ = false;
};

/// True for names that AtomicFile gives to temporary files.
bool is_temporary_name(const std::string& name);

/// True for a temporary file whose writer has died; then it is removed, if asked to.   @param removes  remove it.
/// @return  false also where that cannot be told: no lock, no permission.
bool left_by_the_dead(const std::filesystem::path& temporary, bool removes);

/// Throws what a failed write means to the user.   @param error  an errno.
/// @throws UserError  disk full (kInterrupted); read-only or forbidden (kBadInput).
[[noreturn]] void fail_write(const std::filesystem::path& path, int error);

}  // namespace emf
