// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/orientation.h"

#include <algorithm>

namespace emf::pictures {
namespace {

constexpr std::string_view kExifMark("Exif\0\0", 6);

uint32_t number(std::string_view bytes, size_t at, int count, bool big) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    const size_t place = at + static_cast<size_t>(big ? i : count - 1 - i);
    value = value << 8 | static_cast<uint8_t>(bytes[place]);
  }
  return value;
}

int in_range(uint32_t orientation) { return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 0; }

}  // namespace

int exif_orientation(std::string_view exif) {
  while (exif.starts_with(kExifMark)) exif.remove_prefix(kExifMark.size());
  if (exif.size() < 8) return 0;
  const bool big = exif[0] == 'M';
  if (!exif.starts_with("II") && !exif.starts_with("MM")) return 0;
  const uint64_t begin = number(exif, 4, 4, big);
  if (begin + 2 > exif.size()) return 0;
  const uint32_t count = number(exif, begin, 2, big);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t entry = begin + 2 + 12 * i;
    if (entry + 12 > exif.size()) return 0;
    constexpr uint32_t kOrientation = 0x112, kShort = 3;
    if (number(exif, entry, 2, big) != kOrientation) continue;
    const bool is_short = number(exif, entry + 2, 2, big) == kShort;
    return in_range(number(exif, entry + 8, is_short ? 2 : 4, big));
  }
  return 0;
}

int xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    const size_t skipped = rest.starts_with("=\"") ? 2 : rest.starts_with(">") ? 1 : 0;
    if (skipped == 0 || rest.size() <= skipped) continue;
    return in_range(static_cast<uint32_t>(rest[skipped] - '0'));
  }
  return 0;
}

Picture turned(Picture picture, int orientation) {
  if (orientation < 2 || orientation > 8) return picture;
  const bool swapped = orientation >= 5;
  Picture result;
  result.height = swapped ? picture.width : picture.height;
  result.width = swapped ? picture.height : picture.width;
  result.clipped = picture.clipped, result.grey = picture.grey, result.transparent = picture.transparent;
  result.rgb.resize(picture.rgb.size());
  // Which end of the stored rows and columns the seen ones begin at.
  const bool last_row = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool last_column = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  // 6 is seen turned by 90 degrees clockwise: its first row is the stored first column from below; 8 the other way.
  const bool from_below = swapped && (orientation == 6 || orientation == 7);
  const bool from_right = swapped && (orientation == 7 || orientation == 8);
  auto* out = result.rgb.data();
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      int row = swapped ? x : y, column = swapped ? y : x;
      if (swapped ? from_below : last_row) row = picture.height - 1 - row;
      if (swapped ? from_right : last_column) column = picture.width - 1 - column;
      const auto* in = picture.rgb.data() + 3 * (static_cast<size_t>(row) * static_cast<size_t>(picture.width) +
                                                 static_cast<size_t>(column));
      out = std::copy_n(in, 3, out);
    }
  }
  return result;
}

}  // namespace emf::pictures
