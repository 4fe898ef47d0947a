// A file written piece by piece that appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace emf {

/// write_atomically piece by piece, for files larger than memory. Nothing stands at the path before commit().
/// Meanwhile PATH.MACHINE.PROCESS.NUMBER.tmp does. What a killed process left of such files, the next process of the
/// same machine that writes into the folder takes away.
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

/// Throws what a failed write means to the user.   @param error  an errno.
/// @throws UserError  disk full (kInterrupted); read-only or forbidden (kBadInput).
[[noreturn]] void fail_write(const std::filesystem::path& path, int error);

}  // namespace emf
