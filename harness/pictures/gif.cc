// SPDX-License-Identifier: Apache-2.0
// The first frame of a GIF by giflib, on its canvas as Pillow lays it.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

struct Source {
  std::string_view encoded;
  size_t place = 0;
};

int read_bytes(GifFileType* gif, GifByteType* target, int count) {
  auto& source = *static_cast<Source*>(gif->UserData);
  const size_t here = std::min(static_cast<size_t>(count), source.encoded.size() - source.place);
  std::memcpy(target, source.encoded.data() + source.place, here);
  source.place += here;
  return static_cast<int>(here);
}

struct Closer {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

[[noreturn]] void refuse(int error) {
  const bool is_short = error == D_GIF_ERR_READ_FAILED || error == D_GIF_ERR_EOF_TOO_SOON;
  const char* text = GifErrorString(error);
  throw UnreadablePicture(is_short ? "is cut short"
                                   : std::string("holds damaged GIF data (") + (text != nullptr ? text : "?") + ")");
}

/// Steps to the first frame.   @return  the index that is transparent in it, -1 when none is.
int find_frame(GifFileType* gif) {
  int transparent = -1;
  for (;;) {
    GifRecordType type{};
    if (DGifGetRecordType(gif, &type) == GIF_ERROR) refuse(gif->Error);
    if (type == IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetImageDesc(gif) == GIF_ERROR) refuse(gif->Error);
      return transparent;
    }
    if (type != EXTENSION_RECORD_TYPE) throw UnreadablePicture("holds no frame");
    int code = 0;
    GifByteType* bytes = nullptr;
    if (DGifGetExtension(gif, &code, &bytes) == GIF_ERROR) refuse(gif->Error);
    GraphicsControlBlock control{};
    if (code == GRAPHICS_EXT_FUNC_CODE && bytes != nullptr &&
        DGifExtensionToGCB(bytes[0], bytes + 1, &control) == GIF_OK) {
      transparent = control.TransparentColor;
    }
    while (bytes != nullptr) {
      if (DGifGetExtensionNext(gif, &bytes) == GIF_ERROR) refuse(gif->Error);
    }
  }
}

}  // namespace

StoredPicture decode_gif(std::string_view encoded, const Wanted& wanted) {
  Source source{encoded};
  int error = 0;
  const std::unique_ptr<GifFileType, Closer> gif(DGifOpen(&source, read_bytes, &error));
  if (!gif) refuse(error);
  const int transparent = find_frame(gif.get());
  const GifImageDesc& frame = gif->Image;
  const int height = std::max(gif->SHeight, frame.Top + frame.Height),
            width = std::max(gif->SWidth, frame.Left + frame.Width);
  PictureHeader canvas;
  canvas.format = Format::kGif, canvas.height = height, canvas.width = width;
  require_readable_size(canvas, encoded.size());
  // Rows come before the canvas is made: a frame that is cut short costs no more than its rows.
  std::vector<uint8_t> indices;
  const auto row_bytes = static_cast<size_t>(frame.Width);
  for (int y = 0; y < frame.Height; ++y) {
    indices.resize(indices.size() + row_bytes);
    if (DGifGetLine(gif.get(), indices.data() + indices.size() - row_bytes, frame.Width) == GIF_ERROR)
      refuse(gif->Error);
  }
  const Palette grey;
  std::vector<uint8_t> rgb = grey.rgb;
  if (const ColorMapObject* map = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap; map != nullptr) {
    for (int i = 0; i < std::min(map->ColorCount, 256); ++i) {
      const GifColorType& color = map->Colors[i];
      std::copy_n(std::array{color.Red, color.Green, color.Blue}.data(), 3,
                  rgb.data() + size_t{3} * static_cast<size_t>(i));
    }
  }
  StoredPicture picture;
  picture.height = height, picture.width = width;
  picture.channels = wanted.alpha && transparent >= 0 ? 4 : 3;
  const auto channels = static_cast<size_t>(picture.channels);
  const auto put = [&](size_t place, int index) {
    uint8_t* pixel = picture.bytes.data() + place * channels;
    std::copy_n(rgb.data() + size_t{3} * static_cast<size_t>(index), 3, pixel);
    if (channels == 4) pixel[3] = index == transparent ? 0 : 255;
  };
  picture.bytes.resize(static_cast<size_t>(height) * static_cast<size_t>(width) * channels);
  const bool whole = frame.Height == height && frame.Width == width;
  for (size_t i = 0; !whole && i < picture.bytes.size() / channels; ++i) put(i, std::max(transparent, 0));
  constexpr std::array<std::array<int, 2>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  size_t stored = 0;
  for (const auto& [begin, step] : kPasses) {
    const bool interlaced = frame.Interlace;
    for (int y = interlaced ? begin : 0; y < frame.Height; y += interlaced ? step : 1, ++stored) {
      const size_t target =
          static_cast<size_t>(frame.Top + y) * static_cast<size_t>(width) + static_cast<size_t>(frame.Left);
      for (size_t x = 0; x < row_bytes; ++x) put(target + x, indices[stored * row_bytes + x]);
    }
    if (!interlaced) break;
  }
  return picture;
}

}  // namespace emf::pictures
