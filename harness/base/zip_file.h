// SPDX-License-Identifier: Apache-2.0
// A zip's entries, unpacked one by one or as they are read: by zlib and bzip2, from a map of the file. libzip would
// bring OpenSSL's ciphers, and Debian has no archive of it that a program could be linked with statically.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "harness/base/file.h"
#include "harness/base/zip_directory.h"

namespace emf {

/// Bytes of an entry from front to back. Must not outlive its ZipFile.
class ZipStream {
 public:
  /// @param where  names the entry in errors.   @throws UserError  encrypted, packed in a way that is not read, or not
  /// all there.
  ZipStream(std::span<const std::byte> file, const ZipEntry& entry, const std::string& where);
  ~ZipStream();
  ZipStream(ZipStream&&) noexcept;

  /// Up to `count` bytes into the target; fewer only at the end. With the last byte the whole is held against its
  /// checksum.   @throws UserError  damaged, shorter or longer than the zip says (names the entry).
  size_t read(void* target, size_t count);

 private:
  class Unpacker;
  class Stored;
  class Inflater;
  class Bunzipper;
  void require_end();

  std::string where_;
  std::unique_ptr<Unpacker> unpacker_;
  uint64_t size_ = 0, done_ = 0;
  uint32_t crc_ = 0, wanted_crc_ = 0;
};

/// Safe to read from any thread.
class ZipFile {
 public:
  /// @param kind  "a zip", "an .npz": what the file should be, for errors.
  /// @throws UserError  absent (kMissing), no zip or damaged, or two entries of one name.
  explicit ZipFile(const std::filesystem::path& path, const std::string& kind = "a zip");

  size_t size() const { return entries_.size(); }
  const ZipEntry& entry(size_t index) const { return entries_.at(index); }
  std::optional<size_t> find(const std::string& name) const;
  ZipStream open(size_t index) const;
  /// Its bytes, unpacked.  @throws UserError  as ZipStream, and larger than most_unpacked_bytes().
  std::string read(size_t index) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<ZipEntry> entries_;
};

}  // namespace emf
