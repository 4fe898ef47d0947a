// Pictures and shards that tests draw for themselves, in a folder that goes with the test.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/file.h"

namespace emf {

/// A folder with a name of its own, empty at the beginning and gone at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("emf_" + name + "_" + std::to_string(::getpid()) + "_" + std::to_string(next_number()))) {
    std::filesystem::remove_all(path_);
    make_folder(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Folders on the way are made. Not by write_atomically(), which waits for the disk.
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

 private:
  static int next_number() {
    static std::atomic<int> number = 0;
    return number++;
  }

  std::filesystem::path path_;
};

/// Soft stripes whose colours depend on the number: as a JPEG they stay within a few steps of what was drawn.
inline cv::Mat3b drawn_picture(int number, int height, int width) {
  cv::Mat3b picture(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture(y, x) = {static_cast<uint8_t>(number * 37 % 256), static_cast<uint8_t>(x * 255 / width),
                       static_cast<uint8_t>(y * 200 / height + number * 11 % 56)};
    }
  }
  return picture;
}

/// @param extension  ".jpg", ".png" or ".webp".
inline std::string encoded_picture(const std::string& extension, int number, int height = 40, int width = 48) {
  std::vector<uint8_t> bytes;
  cv::imencode(extension, drawn_picture(number, height, width), bytes);
  return {bytes.begin(), bytes.end()};
}

/// Name and bytes of each file in a tar, in order.
using TarMembers = std::vector<std::pair<std::string, std::string>>;

/// @param format  ARCHIVE_FORMAT_TAR_USTAR, _GNUTAR or _PAX_INTERCHANGE.   "link:NAME" as bytes makes a hard link to
///   NAME.
inline void write_tar(const std::filesystem::path& path, const TarMembers& members,
                      int format = ARCHIVE_FORMAT_TAR_USTAR) {
  archive* writer = archive_write_new();
  archive_write_set_format(writer, format);
  archive_write_set_options(writer, "hdrcharset=UTF-8");
  ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK) << archive_error_string(writer);
  for (const auto& [name, bytes] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    const bool link = bytes.starts_with("link:");
    if (link) archive_entry_set_hardlink(entry, bytes.c_str() + 5);
    archive_entry_set_size(entry, link ? 0 : static_cast<la_int64_t>(bytes.size()));
    ASSERT_LE(ARCHIVE_WARN, archive_write_header(writer, entry)) << archive_error_string(writer);
    if (!link) archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_free(writer), ARCHIVE_OK);
}

}  // namespace emf
