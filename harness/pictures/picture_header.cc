// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/picture_header.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "harness/base/bounded.h"

namespace emf::pictures {
namespace {

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegMagic = "\xff\xd8\xff";
constexpr std::string_view kJpegEnd = "\xff\xd9";

uint32_t byte_at(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

uint32_t big_endian(std::string_view bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | byte_at(bytes, at + static_cast<size_t>(i));
  return value;
}

uint32_t little_endian(std::string_view bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | byte_at(bytes, at + static_cast<size_t>(i));
  return value;
}

uint32_t number(std::string_view bytes, size_t at, int count, bool big) {
  return big ? big_endian(bytes, at, count) : little_endian(bytes, at, count);
}

[[noreturn]] void fail_short() { throw UnreadablePicture("is cut short"); }
[[noreturn]] void fail_damaged(const char* format) { throw UnreadablePicture(std::string("is a damaged ") + format); }

/// Bytes at any place of the picture, of which the first kEdgeBytes were read before.
class Bytes {
 public:
  Bytes(const ReadBytes& read, uint64_t size) : read_(read), size_(size), start_(read(0, kEdgeBytes)) {}

  std::string_view start() const { return start_; }
  /// Exactly so many.
  std::string at(uint64_t offset, size_t length) const {
    if (offset + length > size_) fail_short();
    if (offset + length <= start_.size()) return start_.substr(offset, length);
    std::string bytes = read_(offset, length);
    if (bytes.size() != length) fail_short();
    return bytes;
  }
  uint64_t size() const { return size_; }

 private:
  const ReadBytes& read_;
  uint64_t size_;
  std::string start_;
};

PictureHeader read_png(const Bytes& bytes) {
  const std::string head = bytes.at(8, 16);
  if (head.compare(4, 4, "IHDR") != 0) fail_damaged("PNG");
  const uint32_t width = big_endian(head, 8, 4), height = big_endian(head, 12, 4);
  if (width > INT32_MAX || height > INT32_MAX) fail_damaged("PNG");
  // Some writers leave bytes behind the end, so the end mark is looked for in the last bytes, not at one place.
  const size_t tail = std::min<uint64_t>(bytes.size(), kEdgeBytes);
  if (bytes.at(bytes.size() - tail, tail).find("IEND") == std::string::npos) fail_short();
  return {Format::kPng, static_cast<int>(height), static_cast<int>(width)};
}

PictureHeader read_webp(const Bytes& bytes) {
  const std::string head = bytes.at(0, 30);
  if (uint64_t{little_endian(head, 4, 4)} + 8 > bytes.size()) fail_short();
  const std::string_view chunk = std::string_view(head).substr(12, 4);
  uint32_t width = 0, height = 0;
  if (chunk == "VP8 ") {
    width = little_endian(head, 26, 2) & 0x3fff, height = little_endian(head, 28, 2) & 0x3fff;
  } else if (chunk == "VP8L") {
    const uint32_t packed = little_endian(head, 21, 4);
    width = (packed & 0x3fff) + 1, height = (packed >> 14 & 0x3fff) + 1;
  } else if (chunk == "VP8X") {
    width = little_endian(head, 24, 3) + 1, height = little_endian(head, 27, 3) + 1;
  } else {
    fail_damaged("WebP");
  }
  return {Format::kWebp, static_cast<int>(height), static_cast<int>(width)};
}

/// True for the markers that begin a frame and hold its size: C0 to CF but for DHT, JPG and DAC.
bool begins_frame(uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// Walks from segment to segment up to the scan; what lies within one (an EXIF thumbnail's own frame and end) is
/// stepped over.
PictureHeader read_jpeg(const Bytes& bytes) {
  PictureHeader header{Format::kJpeg, 0, 0};
  uint64_t at = 2;
  for (;;) {
    const std::string head = bytes.at(at, 4);
    if (byte_at(head, 0) != 0xff) fail_damaged("JPEG");
    const uint32_t marker = byte_at(head, 1);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const uint32_t length = big_endian(head, 2, 2);
    if (length < 2) fail_damaged("JPEG");
    if (begins_frame(marker)) {
      const std::string frame = bytes.at(at + 4, 5);
      header.arithmetic = marker >= 0xc9;
      header.height = static_cast<int>(big_endian(frame, 1, 2));
      header.width = static_cast<int>(big_endian(frame, 3, 2));
    }
    at += 2 + length;
    if (marker == 0xda) break;  // what follows is the scan
  }
  // Whoever does not decode tells by the end mark. Nearly always it lies in the last bytes; whatever stands behind it
  // does no harm.
  const uint64_t tail = std::max(at, bytes.size() - std::min<uint64_t>(bytes.size(), kEdgeBytes));
  if (tail >= bytes.size()) fail_short();
  if (bytes.at(tail, bytes.size() - tail).find(kJpegEnd) != std::string::npos) return header;
  if (bytes.at(at, bytes.size() - at).find(kJpegEnd) == std::string::npos) fail_short();
  return header;
}

PictureHeader read_gif(const Bytes& bytes) {
  const std::string head = bytes.at(6, 4);
  return {Format::kGif, static_cast<int>(little_endian(head, 2, 2)), static_cast<int>(little_endian(head, 0, 2))};
}

PictureHeader read_bmp(const Bytes& bytes) {
  constexpr uint32_t kOldHeader = 12;  // OS/2's, with sizes of two bytes
  const std::string head = bytes.at(14, 12);
  if (little_endian(head, 0, 4) == kOldHeader) {
    return {Format::kBmp, static_cast<int>(little_endian(head, 6, 2)), static_cast<int>(little_endian(head, 4, 2))};
  }
  const auto width = static_cast<int32_t>(little_endian(head, 4, 4));
  const auto height = static_cast<int32_t>(little_endian(head, 8, 4));  // below zero: from the top down
  if (width < 0 || height == INT32_MIN) fail_damaged("BMP");
  return {Format::kBmp, std::abs(height), width};
}

/// Width and height are the first two numbers behind the magic; comments stand between.
PictureHeader read_pnm(const Bytes& bytes) {
  const std::string_view text = bytes.start();
  size_t at = 2;
  const auto next = [&]() -> int {
    while (at < text.size() && (std::isspace(static_cast<unsigned char>(text[at])) != 0 || text[at] == '#')) {
      at = text[at] == '#' ? std::min(text.find_first_of("\r\n", at), text.size()) : at + 1;
    }
    int64_t value = 0;
    const size_t begin = at;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
      value = std::min<int64_t>(10 * value + (text[at] - '0'), INT32_MAX);
    }
    if (at == text.size()) fail_short();
    if (at == begin) fail_damaged("PNM");
    return static_cast<int>(value);
  };
  const int width = next(), height = next();
  return {Format::kPnm, height, width};
}

PictureHeader read_tiff(const Bytes& bytes) {
  const std::string head = bytes.at(0, 16);
  const bool big = head[0] == 'M', wide = number(head, 2, 2, big) == 43;  // BigTIFF: counts and offsets of eight bytes
  const auto long_number = [&](std::string_view text, size_t at) {
    const uint64_t first = number(text, at, 4, big), second = number(text, at + 4, 4, big);
    return big ? first << 32 | second : second << 32 | first;
  };
  uint64_t at = wide ? long_number(head, 8) : number(head, 4, 4, big);
  if (at > bytes.size()) fail_short();
  const std::string counted = bytes.at(at, wide ? 8 : 2);
  const uint64_t count = wide ? long_number(counted, 0) : number(counted, 0, 2, big);
  at += counted.size();
  PictureHeader header{Format::kTiff, 0, 0};
  constexpr uint64_t kMostTags = 4096;
  for (uint64_t i = 0; i < std::min(count, kMostTags); ++i) {
    const std::string entry = bytes.at(at + i * (wide ? 20 : 12), wide ? 20 : 12);
    const uint32_t tag = number(entry, 0, 2, big), type = number(entry, 2, 2, big);
    constexpr uint32_t kWidth = 256, kHeight = 257, kShort = 3;
    if (tag != kWidth && tag != kHeight) continue;
    const uint32_t value = number(entry, wide ? 12 : 8, type == kShort ? 2 : 4, big);
    if (value > INT32_MAX) fail_damaged("TIFF");
    (tag == kWidth ? header.width : header.height) = static_cast<int>(value);
  }
  return header;
}

/// Pixels that a byte can stand for at most, where the format bounds it: deflated bytes give 1,032, each of eight
/// pixels; a block of a JPEG, 64 pixels, takes a bit or more (arithmetic coding, with which it may take less, aside).
constexpr uint64_t kMostOfDeflated = 1032 * 8, kMostOfJpeg = 8 * 64, kMostOfRows = 8;
/// Of the others: a plain picture of 2,048 x 2,048, and 4,096 pixels more for each byte.
constexpr uint64_t kPlainPixels = uint64_t{1} << 22, kMostOfOthers = 4096;

uint64_t most_pixels(const PictureHeader& header, uint64_t size) {
  switch (header.format) {
    case Format::kPng:
      return size * kMostOfDeflated;
    case Format::kJpeg:
      return header.arithmetic ? kMostPixels : size * kMostOfJpeg;
    case Format::kPnm:
      return size * kMostOfRows;
    default:
      // WebP, GIF and TIFF say a plain colour in no bits at all. What people score has more to show than that, and a
      // damaged header must not ask for gigabytes.
      return kPlainPixels + size * kMostOfOthers;
  }
}

}  // namespace

void require_readable_size(const PictureHeader& header, uint64_t size) {
  if (header.height == 0 || header.width == 0) throw UnreadablePicture("has no pixels");
  const uint64_t pixels = static_cast<uint64_t>(header.height) * static_cast<uint64_t>(header.width);
  if (pixels > kMostPixels) {
    throw UnreadablePicture("claims " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                            " pixels; no more than 2^28 are read");
  }
  if (pixels > most_pixels(header, size)) fail_short();
  // Three bytes a pixel are what is kept of it; decoders work on up to four.
  if (pixels * 4 > std::max(most_unpacked_bytes(), size)) {
    throw UnreadablePicture("has " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                            " pixels, more than may be unpacked; where that is meant, set EMFBENCH_MOST_UNPACKED_MIB");
  }
}

PictureHeader read_picture_header(const ReadBytes& read, uint64_t size) {
  if (size == 0) throw UnreadablePicture("is empty");
  const Bytes bytes(read, size);
  const std::string_view start = bytes.start();
  PictureHeader header;
  if (start.starts_with(kPngMagic)) {
    header = read_png(bytes);
  } else if (start.starts_with(kJpegMagic)) {
    header = read_jpeg(bytes);
  } else if (start.starts_with("RIFF") && start.size() >= 12 && start.substr(8, 4) == "WEBP") {
    header = read_webp(bytes);
  } else if (start.starts_with("GIF87a") || start.starts_with("GIF89a")) {
    header = read_gif(bytes);
  } else if (start.starts_with("BM")) {
    header = read_bmp(bytes);
  } else if (start.starts_with(std::string_view("II*\0", 4)) || start.starts_with(std::string_view("MM\0*", 4)) ||
             start.starts_with(std::string_view("II+\0", 4)) || start.starts_with(std::string_view("MM\0+", 4))) {
    header = read_tiff(bytes);
  } else if (start.size() > 2 && start[0] == 'P' && start[1] >= '1' && start[1] <= '6' &&
             (std::isspace(static_cast<unsigned char>(start[2])) != 0 || start[2] == '#')) {
    header = read_pnm(bytes);
  } else {
    throw UnreadablePicture("is no JPEG, PNG or WebP, and no GIF, BMP, TIFF or PNM");
  }
  require_readable_size(header, size);
  return header;
}

bool is_picture_name(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string extension(name.substr(dot + 1));
  for (char& letter : extension) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  constexpr std::array<std::string_view, 14> kKnown = {"jpg", "jpeg", "jpe",  "jfif", "png", "webp", "bmp",
                                                       "gif", "tif",  "tiff", "ppm",  "pgm", "pbm",  "pnm"};
  return std::find(kKnown.begin(), kKnown.end(), extension) != kKnown.end();
}

}  // namespace emf::pictures
