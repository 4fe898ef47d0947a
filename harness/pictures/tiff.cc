// SPDX-License-Identifier: Apache-2.0
// The first page of a TIFF by libtiff: grey, palettes, RGB and four inks of up to 16 bits, and YCbCr.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

/// A file in memory, and what libtiff says of it.
struct Source {
  std::string_view encoded;
  toff_t place = 0;
  std::string complaint;
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t count) {
  Source& source = source_of(handle);
  const toff_t left = source.place < source.encoded.size() ? source.encoded.size() - source.place : 0;
  const auto here = static_cast<size_t>(std::min<toff_t>(left, static_cast<toff_t>(count)));
  if (here > 0) std::memcpy(target, source.encoded.data() + source.place, here);
  source.place += here;
  return static_cast<tmsize_t>(here);
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  source.place = whence == SEEK_SET   ? offset
                 : whence == SEEK_CUR ? source.place + offset
                                      : source.encoded.size() + offset;
  return source.place;
}

int take_error(TIFF*, void* user, const char*, const char* format, va_list words) {
  std::string& complaint = static_cast<Source*>(user)->complaint;
  if (!complaint.empty()) return 1;
  char text[160];
  std::vsnprintf(text, sizeof text, format, words);
  complaint = text;
  return 1;
}

int pass_over(TIFF*, void*, const char*, const char*, va_list) { return 1; }  // warnings are of odd tags

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using File = std::unique_ptr<TIFF, Closer>;

[[noreturn]] void refuse(const Source& source) {
  if (source.complaint.empty()) throw UnreadablePicture("is cut short");
  throw UnreadablePicture("holds damaged TIFF data (" + source.complaint + ")");
}

[[noreturn]] void refuse_kind(const std::string& what) {
  throw UnreadablePicture("is a TIFF of a kind that is not read (" + what + ")");
}

File open(Source& source) {
  const std::unique_ptr<TIFFOpenOptions, Closer> options(TIFFOpenOptionsAlloc());
  // What a page of kMostPixels takes at most.
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t{8} * static_cast<tmsize_t>(kMostPixels));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), take_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), pass_over, &source);
  File file(TIFFClientOpenExt(
      "picture", "rm", &source, read_bytes, [](thandle_t, void*, tmsize_t) { return tmsize_t{0}; }, seek,
      [](thandle_t) { return 0; },
      [](thandle_t handle) { return static_cast<toff_t>(source_of(handle).encoded.size()); },
      [](thandle_t, void**, toff_t*) { return 0; }, [](thandle_t, void*, toff_t) {}, options.get()));
  if (!file) refuse(source);
  return file;
}

struct Layout {
  uint16_t photometric = PHOTOMETRIC_MINISWHITE, bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, compression = 1;
  uint16_t planar = PLANARCONFIG_CONTIG, orientation = 1;
  std::vector<uint16_t> extra;
  bool premultiplied = false;
};

Layout layout_of(TIFF* file) {
  Layout layout;
  if (TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &layout.photometric) == 0) layout.photometric = PHOTOMETRIC_MINISWHITE;
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &layout.format);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &layout.planar);
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &layout.orientation);
  uint16_t count = 0;
  uint16_t* kinds = nullptr;
  if (TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 0 && kinds != nullptr) {
    layout.extra.assign(kinds, kinds + count);
  }
  layout.premultiplied = !layout.extra.empty() && layout.extra.front() == EXTRASAMPLE_ASSOCALPHA;
  return layout;
}

/// Samples of one pixel that are colours, whatever stands beside them.
int colors_of(const Layout& layout) {
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_RGB:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      refuse_kind("photometric interpretation " + std::to_string(layout.photometric));
  }
}

/// Every sample of a page, row by row, pixel by pixel, in the machine's byte order and as wide as the file has them.
class Samples {
 public:
  Samples(TIFF* file, const Source& source, const Layout& layout, uint32_t width, uint32_t height)
      : layout_(layout), width_(width), height_(height) {
    const bool apart = layout.planar == PLANARCONFIG_SEPARATE && layout.samples > 1;
    planes_ = apart ? layout.samples : 1;
    in_plane_ = apart ? 1 : layout.samples;
    row_bytes_ = (size_t{width} * in_plane_ * layout.bits + 7) / 8;
    for (uint16_t plane = 0; plane < planes_; ++plane) {
      TIFFIsTiled(file) != 0 ? read_tiles(file, source, plane) : read_strips(file, source, plane);
    }
  }

  double value(size_t x, size_t y, size_t sample) const {
    const size_t plane = planes_ > 1 ? sample : 0, place = planes_ > 1 ? x : x * in_plane_ + sample;
    const uint8_t* row = bytes_.data() + (plane * height_ + y) * row_bytes_;
    if (layout_.bits < 8) {
      const size_t bit = place * layout_.bits;
      return row[bit / 8] >> (8 - layout_.bits - bit % 8) & ((1 << layout_.bits) - 1);
    }
    return number(row + place * (layout_.bits / 8));
  }

 private:
  template <typename Number>
  static double as(const uint8_t* at) {
    Number value;
    std::memcpy(&value, at, sizeof value);
    return static_cast<double>(value);
  }
  double number(const uint8_t* at) const {
    const bool is_signed = layout_.format == SAMPLEFORMAT_INT;
    if (layout_.format == SAMPLEFORMAT_IEEEFP) return as<float>(at);
    if (layout_.bits == 8) return *at;
    if (layout_.bits == 16) return is_signed ? as<int16_t>(at) : as<uint16_t>(at);
    return is_signed ? as<int32_t>(at) : as<uint32_t>(at);
  }

  void read_strips(TIFF* file, const Source& source, uint16_t plane) {
    uint32_t rows = height_;
    TIFFGetFieldDefaulted(file, TIFFTAG_ROWSPERSTRIP, &rows);
    rows = std::min(rows, height_);
    for (uint32_t y = 0; y < height_; y += rows) {
      const size_t wanted = std::min(rows, height_ - y) * row_bytes_, begin = bytes_.size();
      bytes_.resize(begin + wanted);
      const tmsize_t got = TIFFReadEncodedStrip(file, TIFFComputeStrip(file, y, plane), bytes_.data() + begin,
                                                static_cast<tmsize_t>(wanted));
      if (got < 0 || static_cast<size_t>(got) < wanted) refuse(source);
    }
  }

  void read_tiles(TIFF* file, const Source& source, uint16_t plane) {
    uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(file, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(file, TIFFTAG_TILELENGTH, &tile_height);
    const tmsize_t size = TIFFTileSize(file);
    const size_t tile_row = (size_t{tile_width} * in_plane_ * layout_.bits + 7) / 8;
    if (tile_width == 0 || tile_height == 0 || size <= 0 || tile_row * tile_height > static_cast<size_t>(size) ||
        (tile_width * in_plane_ * layout_.bits) % 8 != 0) {
      refuse_kind("tiles");
    }
    const size_t begin = bytes_.size();
    bytes_.resize(begin + row_bytes_ * height_);
    std::vector<uint8_t> tile(static_cast<size_t>(size));
    for (uint32_t y = 0; y < height_; y += tile_height) {
      for (uint32_t x = 0; x < width_; x += tile_width) {
        if (TIFFReadTile(file, tile.data(), x, y, 0, plane) < 0) refuse(source);
        const size_t left = size_t{x} * in_plane_ * layout_.bits / 8, here = std::min(tile_row, row_bytes_ - left);
        for (uint32_t row = 0; row < std::min(tile_height, height_ - y); ++row) {
          std::copy_n(tile.data() + row * tile_row, here, bytes_.data() + begin + (y + row) * row_bytes_ + left);
        }
      }
    }
  }

  const Layout& layout_;
  uint32_t width_, height_;
  size_t planes_ = 1, in_plane_ = 1, row_bytes_ = 0;
  std::vector<uint8_t> bytes_;
};

std::vector<uint8_t> palette_of(TIFF* file, const Layout& layout) {
  uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (layout.bits > 8 || TIFFGetField(file, TIFFTAG_COLORMAP, &red, &green, &blue) == 0) refuse_kind("no palette");
  std::vector<uint8_t> rgb = Palette().rgb;
  for (size_t i = 0; i < size_t{1} << layout.bits; ++i) {
    rgb[3 * i] = static_cast<uint8_t>(red[i] >> 8);
    rgb[3 * i + 1] = static_cast<uint8_t>(green[i] >> 8);
    rgb[3 * i + 2] = static_cast<uint8_t>(blue[i] >> 8);
  }
  return rgb;
}

/// What becomes of a sample in eight bits.
class Eight {
 public:
  Eight(const Layout& layout, bool pillow)
      : bits_(layout.bits),
        inverted_(layout.photometric == PHOTOMETRIC_MINISWHITE && layout.bits <= 8),
        cut_(layout.bits > 8 &&
             (layout.format != SAMPLEFORMAT_UINT || layout.bits > 16 || (pillow && colors_of(layout) == 1))),
        pillow_(pillow) {}
  uint8_t operator()(double value, bool& clipped) const {
    if (cut_) {
      clipped = clipped || value > 255;
      return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));  // NaN becomes 0 or 255
    }
    const int most = (1 << bits_) - 1, whole = static_cast<int>(value);
    if (bits_ < 8) return static_cast<uint8_t>((inverted_ ? most - whole : whole) * (255 / most));
    if (bits_ == 8) return static_cast<uint8_t>(inverted_ ? 255 - whole : whole);
    return static_cast<uint8_t>(pillow_ ? whole >> 8 : (whole + 128) / 257);
  }

 private:
  int bits_;
  bool inverted_, cut_, pillow_;
};

uint8_t unmultiplied(uint8_t color, uint8_t alpha) {
  return alpha == 0 ? 0 : static_cast<uint8_t>(std::min(255, 255 * color / alpha));
}

/// Rounded a * b / 255, as Pillow has it.
int product(int a, int b) {
  const int whole = a * b + 128;
  return ((whole >> 8) + whole) >> 8;
}

/// YCbCr and what else libtiff turns into RGB itself.
StoredPicture read_as_rgba(TIFF* file, const Source& source, uint32_t width, uint32_t height) {
  std::vector<uint32_t> pixels(size_t{width} * height);
  // As it is stored, from the top: orientation is followed by whoever asks for it.
  uint16_t stored = ORIENTATION_TOPLEFT;
  TIFFSetField(file, TIFFTAG_ORIENTATION, stored);
  if (TIFFReadRGBAImageOriented(file, width, height, pixels.data(), ORIENTATION_TOPLEFT, 1) == 0) refuse(source);
  StoredPicture picture;
  picture.height = static_cast<int>(height), picture.width = static_cast<int>(width), picture.channels = 3;
  for (const uint32_t pixel : pixels) {
    for (const uint32_t value : {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)}) {
      picture.bytes.push_back(static_cast<uint8_t>(value));
    }
  }
  return picture;
}

}  // namespace

StoredPicture decode_tiff(std::string_view encoded, const Wanted& wanted) {
  Source source{encoded, 0, ""};
  const File file = open(source);
  uint32_t width = 0, height = 0;
  TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height);
  if (width == 0 || height == 0 || uint64_t{width} * height > kMostPixels) refuse_kind("its size");
  // A file may say its size twice, and libtiff need not take the one that the header's reader took.
  PictureHeader seen;
  seen.format = Format::kTiff, seen.height = static_cast<int>(height), seen.width = static_cast<int>(width);
  require_readable_size(seen, encoded.size());
  Layout layout = layout_of(file.get());
  StoredPicture picture;
  if (layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG &&
      layout.planar == PLANARCONFIG_CONTIG) {
    // libjpeg turns it into RGB then, with its own upsampling.
    TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    layout.photometric = PHOTOMETRIC_RGB;
  }
  if (layout.photometric == PHOTOMETRIC_YCBCR) {
    picture = read_as_rgba(file.get(), source, width, height);
    if (!source.complaint.empty()) refuse(source);
    picture.orientation = layout.orientation;
    return picture;
  }
  const int colors = colors_of(layout);
  const bool whole =
      layout.format == SAMPLEFORMAT_UINT || layout.format == SAMPLEFORMAT_INT || layout.format == SAMPLEFORMAT_VOID;
  const bool known = layout.bits == 1 || layout.bits == 2 || layout.bits == 4 || layout.bits == 8 ||
                     (layout.bits == 16 && whole) || (layout.bits == 32 && colors == 1);
  if (!known || layout.samples < colors || (layout.bits < 8 && layout.samples > 1)) {
    refuse_kind(std::to_string(layout.samples) + " samples of " + std::to_string(layout.bits) + " bits");
  }
  const bool indexed = layout.photometric == PHOTOMETRIC_PALETTE, inks = layout.photometric == PHOTOMETRIC_SEPARATED;
  // A fourth sample of RGB that nobody explains is alpha.
  const bool has_alpha = !inks && layout.samples > colors &&
                         (layout.extra.empty() ? colors == 3 : layout.extra.front() != EXTRASAMPLE_UNSPECIFIED);
  std::vector<uint8_t> palette;
  if (indexed) palette = palette_of(file.get(), layout);
  const Samples samples(file.get(), source, layout, width, height);
  if (!source.complaint.empty()) refuse(source);
  const Eight eight(layout, wanted.pillow);
  picture.height = static_cast<int>(height), picture.width = static_cast<int>(width);
  picture.channels = (colors == 1 && !indexed ? 1 : 3) + (has_alpha ? 1 : 0);
  picture.orientation = layout.orientation;
  picture.bytes.reserve(size_t{width} * height * static_cast<size_t>(picture.channels));
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      std::array<uint8_t, 4> pixel{};
      for (size_t c = 0; c < static_cast<size_t>(colors) && !indexed; ++c) {
        pixel[c] = eight(samples.value(x, y, c), picture.clipped);
      }
      const uint8_t alpha = has_alpha ? eight(samples.value(x, y, static_cast<size_t>(colors)), picture.clipped) : 255;
      if (indexed) std::copy_n(palette.data() + 3 * static_cast<size_t>(samples.value(x, y, 0)), 3, pixel.data());
      if (inks) {
        const int light = 255 - pixel[3];
        for (size_t c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>(std::max(0, light - product(pixel[c], light)));
      }
      const size_t shown = picture.channels > 2 ? 3 : 1;
      for (size_t c = 0; c < shown; ++c) {
        picture.bytes.push_back(layout.premultiplied ? unmultiplied(pixel[c], alpha) : pixel[c]);
      }
      if (has_alpha) picture.bytes.push_back(alpha);
    }
  }
  return picture;
}

}  // namespace emf::pictures
