// A zip's entries, read one by one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

struct zip;

namespace emf {

/// Not thread-safe: one reader at a time.
class ZipFile {
 public:
  /// @throws UserError  absent (kMissing), no zip or damaged, or two entries of one name.
  explicit ZipFile(const std::filesystem::path& path);

  int64_t size() const { return size_; }
  /// UTF-8; "folder/" of a folder.
  std::string name(int64_t entry) const;
  /// Its bytes, unpacked.  @throws UserError  damaged, encrypted, larger than most_unpacked_bytes(), or longer than the
  /// zip says (names the entry).
  std::string read(int64_t entry) const;

 private:
  std::filesystem::path path_;
  std::unique_ptr<zip, void (*)(zip*)> archive_;
  int64_t size_ = 0;
  uint64_t stored_ = 0;  ///< bytes of the zip itself
};

}  // namespace emf
