// SPDX-License-Identifier: Apache-2.0
// Pictures and shards that tests draw for themselves.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/picture_encoders.h"
#include "tests/temporary_folder.h"

namespace emf {

/// Soft stripes whose colours depend on the number, RGB row by row: as a JPEG they stay within a few steps of what was
/// drawn.
inline std::vector<uint8_t> drawn_picture(int number, int height, int width) {
  std::vector<uint8_t> rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      rgb.push_back(static_cast<uint8_t>(y * 200 / height + number * 11 % 56));
      rgb.push_back(static_cast<uint8_t>(x * 255 / width));
      rgb.push_back(static_cast<uint8_t>(number * 37 % 256));
    }
  }
  return rgb;
}

/// @param extension  ".jpg", ".png" or ".webp".
inline std::string encoded_picture(const std::string& extension, int number, int height = 40, int width = 48) {
  return encoded_pixels(extension, drawn_picture(number, height, width), height, width);
}

/// A JPEG with an EXIF orientation: 6 is turned by a quarter.
inline std::string with_orientation(const std::string& jpeg, char orientation) {
  // Exif, little-endian TIFF, one entry: tag 0x0112, a short, one of them.
  const std::string exif =
      std::string("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24) + orientation + std::string(7, '\0');
  const auto length = static_cast<char>(exif.size() + 2);
  return jpeg.substr(0, 2) + std::string("\xFF\xE1\0", 3) + length + exif + jpeg.substr(2);
}

/// Name and bytes of each file in a tar, in order.
using TarMembers = std::vector<std::pair<std::string, std::string>>;

/// @param set_format  archive_write_set_format_ustar, _gnutar or _pax.
///   "link:NAME" as bytes makes a hard link to NAME.
inline void write_tar(const std::filesystem::path& path, const TarMembers& members,
                      int (*set_format)(archive*) = archive_write_set_format_ustar) {
  archive* writer = archive_write_new();
  set_format(writer);
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
