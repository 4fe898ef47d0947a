// SPDX-License-Identifier: Apache-2.0
#include "data/emoji/sprite_archive.h"

#include <opencv2/imgproc.hpp>

#include "data/emoji/concepts.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/zip_file.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/png.h"

namespace emf::emoji {
namespace {

constexpr uint64_t kLargestSprite = 1 << 20;

}  // namespace

std::map<std::string, std::string> read_sprite_archive(const PackageFile& file) {
  const std::string where = file.path.string();
  if (sha256_file(file.path) != file.sha256) {
    fail_input("{}: not the file that data/packages.json names, or damaged; fetch it anew with: {}", where,
               file.how_to_get());
  }
  const ZipFile archive(file.path);
  std::map<std::string, std::string> sprites;
  for (size_t i = 0; i < archive.size(); ++i) {
    const ZipEntry& entry = archive.entry(i);
    if (entry.size > kLargestSprite) fail_input("{}: '{}' is too large for a sprite", where, entry.name);
    sprites[concept_key(entry.name.substr(0, entry.name.find('.')))] = archive.read(i);
  }
  return sprites;
}

Picture decode_over_white(const std::string& png, const std::string& name) {
  const auto refuse = [&] { fail_input("emoji: the picture of '{}' is no square 8-bit colour PNG", name); };
  pictures::RgbaPicture decoded;
  try {
    decoded = pictures::decode_png_with_alpha(png);
  } catch (const pictures::UnreadablePicture&) {
    refuse();
  }
  if (decoded.height != decoded.width) refuse();
  Picture picture;
  picture.side = decoded.height;
  picture.rgb.reserve(decoded.rgba.size() / 4 * 3);
  for (size_t i = 0; i < decoded.rgba.size(); i += 4) {
    const int alpha = decoded.rgba[i + 3];
    // (v + 127) / 255 rounds.
    for (size_t c = 0; c < 3; ++c) {
      picture.rgb.push_back(static_cast<uint8_t>((decoded.rgba[i + c] * alpha + 255 * (255 - alpha) + 127) / 255));
    }
  }
  return picture;
}

Picture resized(const Picture& picture, int side) {
  if (side == picture.side) return picture;
  const cv::Mat source(picture.side, picture.side, CV_8UC3, const_cast<uint8_t*>(picture.rgb.data()));
  Picture result;
  result.side = side;
  result.rgb.resize(static_cast<size_t>(side) * side * 3);
  cv::Mat target(side, side, CV_8UC3, result.rgb.data());
  cv::resize(source, target, target.size(), 0, 0, side < picture.side ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

}  // namespace emf::emoji
