// SPDX-License-Identifier: Apache-2.0
// PNGs written, and read with their alpha.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace emf::pictures {

struct RgbaPicture {
  int height = 0, width = 0;
  bool has_alpha = false;     ///< false: every alpha is 255
  std::vector<uint8_t> rgba;  ///< row by row: height * width * 4
};

/// A PNG as it is, with its alpha.  @throws UnreadablePicture  as decode(); another format.
RgbaPicture decode_png_with_alpha(std::string_view encoded);

/// @param pixels  row by row: height * width of 3 bytes (RGB) or 4 (with alpha).
/// @param smallest  takes ten times as long for a few per cent less.
/// @return  equal bytes for equal pixels, with one version of zlib.
std::string encode_png(std::span<const uint8_t> pixels, int height, int width, bool smallest = false);

}  // namespace emf::pictures
