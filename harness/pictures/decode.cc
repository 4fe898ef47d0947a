// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/decode.h"

#include <algorithm>

#include "harness/pictures/orientation.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

StoredPicture read_stored(std::string_view encoded, const Wanted& wanted, Format& format) {
  const ReadBytes read = [&](uint64_t offset, size_t length) { return std::string(encoded.substr(offset, length)); };
  format = read_picture_header(read, encoded.size()).format;
  switch (format) {
    case Format::kJpeg:
      return decode_jpeg(encoded, wanted);
    case Format::kPng:
      return decode_png(encoded, wanted);
    case Format::kWebp:
      return decode_webp(encoded, wanted);
    case Format::kGif:
      return decode_gif(encoded, wanted);
    case Format::kBmp:
      return decode_bmp(encoded, wanted);
    case Format::kTiff:
      return decode_tiff(encoded, wanted);
    case Format::kPnm:
      return decode_pnm(encoded, wanted);
  }
  throw UnreadablePicture("is of no known format");
}

/// (v + 127) / 255 rounds.
uint8_t over_white(int value, int alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/// @param picture  is told of what its colours do not say.
std::vector<uint8_t> rgb_of(StoredPicture stored, bool alpha, Picture& picture) {
  if (stored.channels == 3) return std::move(stored.bytes);
  const size_t pixels = stored.bytes.size() / static_cast<size_t>(stored.channels);
  std::vector<uint8_t> rgb(pixels * 3);
  const uint8_t* in = stored.bytes.data();
  uint8_t* out = rgb.data();
  const bool grey = stored.channels < 3, stores_alpha = stored.channels % 2 == 0, has_alpha = alpha && stores_alpha;
  picture.grey = grey;
  for (size_t i = 0; i < pixels; ++i, in += stored.channels) {
    if (stores_alpha && in[stored.channels - 1] < 255) picture.transparent = true;
    for (int c = 0; c < 3; ++c) {
      const uint8_t value = in[grey ? 0 : c];
      *out++ = has_alpha ? over_white(value, in[stored.channels - 1]) : value;
    }
  }
  return rgb;
}

}  // namespace

Palette::Palette() {
  for (int i = 0; i < 256; ++i) rgb.insert(rgb.end(), 3, static_cast<uint8_t>(i));
}

void reserve_rows(StoredPicture& picture, size_t encoded_bytes) {
  constexpr size_t kLittle = 1 << 22, kTimes = 64;
  const size_t all =
      static_cast<size_t>(picture.height) * static_cast<size_t>(picture.width) * static_cast<size_t>(picture.channels);
  if (all <= std::max(kLittle, kTimes * encoded_bytes)) picture.bytes.reserve(all);
}

Picture decode(std::string_view encoded, Colors colors, Orientation orientation) {
  Wanted wanted;
  wanted.pillow = colors == Colors::kPillow;
  wanted.alpha = !wanted.pillow;
  wanted.orientation = orientation == Orientation::kObeyed || wanted.pillow;
  Format format{};
  StoredPicture stored = read_stored(encoded, wanted, format);
  // Pillow's reader of TIFFs turns them; its others leave that to whoever asks.
  const bool follow = orientation == Orientation::kObeyed || (wanted.pillow && format == Format::kTiff);
  Picture picture;
  picture.height = stored.height, picture.width = stored.width, picture.clipped = stored.clipped;
  const int found = stored.orientation;
  picture.rgb = rgb_of(std::move(stored), wanted.alpha, picture);
  return follow ? turned(std::move(picture), found) : picture;
}

void check_decodes(std::string_view encoded) {
  Wanted wanted;
  wanted.reduce = 8;
  Format format{};
  read_stored(encoded, wanted, format);
}

}  // namespace emf::pictures
