// SPDX-License-Identifier: Apache-2.0
// A picture as a file stores it, eight bits a channel, and what is asked of those that decode it. Room-internal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/pictures/picture_header.h"

namespace emf::pictures {

struct StoredPicture {
  int height = 0, width = 0;
  int channels = 0;            ///< 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::vector<uint8_t> bytes;  ///< row by row: height * width * channels
  int orientation = 1;         ///< EXIF's, 1 to 8; looked for only where wanted
  bool clipped = false;        ///< values above 255 became 255, as Pillow has it
};

struct Wanted {
  bool alpha = false;        ///< what is transparent by a palette or a key colour gets its alpha, too
  bool orientation = false;  ///< look for it
  bool pillow = true;  ///< 16 bits as Pillow's convert("RGB"): colours lose eight, grey is cut at 255; else rounded
  int reduce = 1;      ///< a JPEG may come at an eighth (8) of its size
};

/// Each takes a header that says its format and a size within bounds.
/// @throws UnreadablePicture  not decoded to its last row, or damaged as far as the decoder says so.
StoredPicture decode_jpeg(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_png(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_webp(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_gif(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_bmp(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_tiff(std::string_view encoded, const Wanted& wanted);
StoredPicture decode_pnm(std::string_view encoded, const Wanted& wanted);

/// Room for rows as they come: all at once where that is little or the input is large, else grown, so that a header
/// that lies costs no more than what is really there.
void reserve_rows(StoredPicture& picture, size_t encoded_bytes);

/// What the decoders of files of palettes share.
struct Palette {
  std::vector<uint8_t> rgb;  ///< 256 * 3, grey where the file says less

  Palette();
};

}  // namespace emf::pictures
