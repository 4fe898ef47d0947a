#include "data/emoji/sprite_archive.h"

#include <zip.h>

#include <memory>
#include <opencv2/imgproc.hpp>

#include "data/emoji/concepts.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/png.h"

namespace emf::emoji {
namespace {

constexpr zip_uint64_t kLargestSprite = 1 << 20;

struct ZipCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

std::map<std::string, std::string> read_sprite_archive(const PackageFile& file) {
  const std::string where = file.path.string();
  if (sha256_file(file.path) != file.sha256) {
    fail_input("{}: not the file that data/packages.json names, or damaged; fetch it anew with: {}", where,
               file.how_to_get());
  }
  int code = 0;
  const std::unique_ptr<zip_t, ZipCloser> archive(zip_open(where.c_str(), ZIP_RDONLY, &code));
  if (!archive) fail_input("{}: not a zip (libzip error {})", where, code);
  std::map<std::string, std::string> sprites;
  const auto entries = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (zip_uint64_t i = 0; i < entries; ++i) {
    zip_stat_t status;
    const std::unique_ptr<zip_file_t, ZipCloser> entry(zip_fopen_index(archive.get(), i, 0));
    if (!entry || zip_stat_index(archive.get(), i, 0, &status) != 0 || status.size > kLargestSprite) {
      fail_input("{}: entry {} cannot be read", where, i);
    }
    std::string bytes(status.size, '\0');
    if (zip_fread(entry.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size())) {
      fail_input("{}: entry '{}' is damaged", where, status.name);
    }
    const std::string name = status.name;
    sprites[concept_key(name.substr(0, name.find('.')))] = std::move(bytes);
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
