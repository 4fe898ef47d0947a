// SPDX-License-Identifier: Apache-2.0
// BMPs of Windows and OS/2: uncompressed, run-length encoded, or with masks, as Pillow reads them.
#include <algorithm>
#include <array>
#include <bit>

#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

constexpr uint32_t kRaw = 0, kRuns8 = 1, kRuns4 = 2, kMasks = 3;
constexpr size_t kFileHeader = 14;

struct Header {
  uint32_t size = 0, compression = kRaw, colors = 0;
  size_t pixels = 0;  // where they begin
  int width = 0, height = 0, bits = 0;
  bool from_top = false;
  std::array<uint32_t, 4> masks{};
};

[[noreturn]] void fail_damaged() { throw UnreadablePicture("is a damaged BMP"); }
[[noreturn]] void fail_unknown(const std::string& what) {
  throw UnreadablePicture("is a BMP of a kind that is not read, " + what);
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  uint32_t number(size_t at, size_t count) const {
    uint32_t value = 0;
    for (size_t i = count; i-- > 0;) value = value << 8 | byte(at + i);
    return value;
  }
  uint8_t byte(size_t at) const {
    if (at >= bytes_.size()) throw UnreadablePicture("is cut short");
    return static_cast<uint8_t>(bytes_[at]);
  }
  void require(size_t at, uint64_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) throw UnreadablePicture("is cut short");
  }

 private:
  std::string_view bytes_;
};

Header read_header(const Bytes& bytes) {
  Header header;
  header.pixels = bytes.number(10, 4);
  header.size = bytes.number(kFileHeader, 4);
  const bool old = header.size == 12;
  const size_t at = kFileHeader + 4;
  header.width = static_cast<int>(bytes.number(at, old ? 2 : 4));
  const auto height = static_cast<int32_t>(bytes.number(at + (old ? 2 : 4), old ? 2 : 4));
  header.from_top = !old && height < 0;
  header.height = header.from_top ? -height : height;
  header.bits = static_cast<int>(bytes.number(at + (old ? 6 : 10), 2));
  if (old) return header;
  constexpr std::array<uint32_t, 6> kKnown = {40, 52, 56, 64, 108, 124};
  if (std::find(kKnown.begin(), kKnown.end(), header.size) == kKnown.end()) fail_damaged();
  header.compression = bytes.number(at + 12, 4);
  header.colors = bytes.number(at + 28, 4);
  for (size_t i = 0; header.compression == kMasks && i < 4; ++i) {
    // Behind a header of 40 bytes stand three of them; longer ones hold four.
    if (i < 3 || header.size > 52) header.masks[i] = bytes.number(at + 36 + 4 * i, 4);
  }
  return header;
}

/// The place behind header and masks.
size_t palette_place(const Header& header) {
  return kFileHeader + header.size + (header.compression == kMasks && header.size == 40 ? 12 : 0);
}

std::vector<uint8_t> read_palette(const Bytes& bytes, const Header& header) {
  std::vector<uint8_t> rgb = Palette().rgb;
  const size_t entry = header.size == 12 ? 3 : 4, most = size_t{1} << header.bits;
  const size_t count = header.colors == 0 ? most : std::min<size_t>(header.colors, most);
  const size_t begin = palette_place(header);
  bytes.require(begin, entry * count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) rgb[3 * i + c] = bytes.byte(begin + entry * i + 2 - c);
  }
  return rgb;
}

/// Indices of runs, row by row from the first that is stored.
std::vector<uint8_t> read_runs(const Bytes& bytes, const Header& header) {
  const size_t width = static_cast<size_t>(header.width), count = width * static_cast<size_t>(header.height);
  const bool four = header.compression == kRuns4;
  std::vector<uint8_t> indices;
  size_t at = header.pixels, x = 0;
  const auto put = [&](size_t number, auto&& index_of) {
    for (size_t i = 0; i < number && indices.size() < count; ++i, ++x) indices.push_back(index_of(i));
  };
  const auto nibble = [four](uint8_t byte, size_t i) -> uint8_t {
    return !four ? byte : i % 2 == 0 ? byte >> 4 : byte & 15;
  };
  while (indices.size() < count) {
    const size_t run = bytes.byte(at);
    const uint8_t value = bytes.byte(at + 1);
    at += 2;
    if (run > 0) {
      put(std::min(run, width - std::min(x, width)), [&](size_t i) { return nibble(value, i); });
    } else if (value == 0) {
      put((width - indices.size() % width) % width, [](size_t) { return uint8_t{0}; });
      x = 0;
    } else if (value == 1) {
      throw UnreadablePicture("is cut short");  // an end before the last row
    } else if (value == 2) {
      put(bytes.byte(at) + bytes.byte(at + 1) * width, [](size_t) { return uint8_t{0}; });
      x = indices.size() % width;
      at += 2;
    } else {
      const size_t held = four ? (size_t{value} + 1) / 2 : value;
      put(value, [&](size_t i) { return nibble(bytes.byte(at + (four ? i / 2 : i)), i); });
      at += held + held % 2;
    }
  }
  return indices;
}

struct Channel {
  int shift = 0;
  uint32_t most = 0;  // of the value; 0: there is none

  explicit Channel(uint32_t mask) {
    if (mask == 0) return;
    shift = std::countr_zero(mask);
    most = mask >> shift;
    if ((most & (most + 1)) != 0) fail_unknown("with masks that have gaps");
  }
  uint8_t of(uint32_t pixel) const {
    return most == 0 ? 0 : static_cast<uint8_t>(uint64_t{pixel >> shift & most} * 255 / most);
  }
};

}  // namespace

StoredPicture decode_bmp(std::string_view encoded, const Wanted& wanted) {
  const Bytes bytes(encoded);
  Header header = read_header(bytes);
  const bool runs = header.compression == kRuns8 || header.compression == kRuns4, indexed = header.bits <= 8;
  constexpr std::array<int, 6> kDepths = {1, 4, 8, 16, 24, 32};
  if (std::find(kDepths.begin(), kDepths.end(), header.bits) == kDepths.end())
    fail_unknown(std::to_string(header.bits) + " bits a pixel");
  if (header.compression > kMasks || (runs && header.bits != (header.compression == kRuns8 ? 8 : 4))) {
    fail_unknown("compression " + std::to_string(header.compression));
  }
  if (indexed && header.compression == kMasks) fail_damaged();
  if (header.pixels == 0) header.pixels = palette_place(header);
  StoredPicture picture;
  picture.height = header.height, picture.width = header.width;
  const size_t width = static_cast<size_t>(header.width), height = static_cast<size_t>(header.height);
  // Alpha is where a mask says so; the fourth byte of plain 32 bits is anything.
  const bool alpha = header.bits == 32 && header.masks[3] != 0 && wanted.alpha;
  picture.channels = alpha ? 4 : 3;
  std::vector<uint8_t> palette, indices;
  if (indexed) palette = read_palette(bytes, header);
  if (runs) indices = read_runs(bytes, header);
  const size_t row_bytes = (width * static_cast<size_t>(header.bits) + 31) / 32 * 4;
  if (!runs) bytes.require(header.pixels, uint64_t{row_bytes} * height);
  if (header.compression != kMasks || (header.bits == 32 && header.masks == std::array<uint32_t, 4>{})) {
    header.masks = header.bits == 16 ? std::array<uint32_t, 4>{0x7c00, 0x3e0, 0x1f, 0}
                                     : std::array<uint32_t, 4>{0xff0000, 0xff00, 0xff, 0};
  }
  const std::array<Channel, 4> parts = {Channel(header.masks[0]), Channel(header.masks[1]), Channel(header.masks[2]),
                                        Channel(header.masks[3])};
  picture.bytes.resize(width * height * static_cast<size_t>(picture.channels));
  uint8_t* out = picture.bytes.data();
  for (size_t y = 0; y < height; ++y) {
    const size_t stored = header.from_top ? y : height - 1 - y, row = header.pixels + stored * row_bytes;
    for (size_t x = 0; x < width; ++x) {
      if (indexed) {
        const size_t bit = x * static_cast<size_t>(header.bits), shift = 8 - static_cast<size_t>(header.bits) - bit % 8;
        const int index =
            runs ? indices[stored * width + x] : bytes.byte(row + bit / 8) >> shift & ((1 << header.bits) - 1);
        out = std::copy_n(palette.data() + size_t{3} * static_cast<size_t>(index), 3, out);
        continue;
      }
      const size_t pixel_bytes = static_cast<size_t>(header.bits) / 8;
      const uint32_t pixel = bytes.number(row + x * pixel_bytes, pixel_bytes);
      for (int c = 0; c < picture.channels; ++c) *out++ = parts[static_cast<size_t>(c)].of(pixel);
    }
  }
  return picture;
}

}  // namespace emf::pictures
