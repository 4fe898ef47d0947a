// SPDX-License-Identifier: Apache-2.0
// One picture from its encoded bytes to RGB. Nothing that a decoder prints reaches the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emf::pictures {

struct Picture {
  int height = 0, width = 0;
  std::vector<uint8_t> rgb;  ///< row by row: height * width * 3
  bool clipped = false;      ///< a deep grey picture, whose values above 255 became 255 as Pillow has it
  bool grey = false;         ///< stored without colours
  bool transparent = false;  ///< has an alpha that is below 255 somewhere
};

enum class Colors {
  /// What is transparent is laid over white, and deep colours are rounded to eight bits: what a viewer shows.
  kSeen,
  /// Pillow's convert("RGB"), to the byte: the colours beneath what is transparent, deep colours without their lower
  /// eight bits, deep grey cut at 255. What the tools take whose scores ours are compared with.
  kPillow,
};

enum class Orientation { kIgnored, kObeyed };

/// Decodes a JPEG, PNG, WebP, GIF (its first frame), BMP, TIFF (its first page) or PNM by its bytes, whatever its name.
/// Grey becomes RGB. An EXIF orientation is followed where that is asked for, and in a TIFF always under kPillow, as
/// Pillow does. Safe from any thread.
///
/// @throws UnreadablePicture  not decoded to its last row, or damaged on the way as far as the decoder says so.
/// @cost  about 2 ms for a JPEG of 640 x 480.
Picture decode(std::string_view encoded, Colors colors = Colors::kSeen,
               Orientation orientation = Orientation::kIgnored);

/// Decodes and forgets the pixels: throws what decode() would. A JPEG's pixels are made at an eighth of its size.
void check_decodes(std::string_view encoded);

}  // namespace emf::pictures
