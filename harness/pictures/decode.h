// One picture from its encoded bytes to RGB. Nothing that a decoder prints reaches the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emf::pictures {

struct Picture {
  int height = 0, width = 0;
  std::vector<uint8_t> rgb;  ///< row by row: height * width * 3
};

/// Decodes a JPEG, PNG or WebP through OpenCV. Grey becomes RGB, 16 bits become 8, what is transparent is laid over
/// white, and an EXIF orientation is ignored, as tools for FID do. Safe from any thread.
///
/// @throws UnreadablePicture  not decoded to its last row, or damaged on the way as far as the decoder says so.
/// @cost  about 2 ms for a JPEG of 640 x 480.
Picture decode(const std::string& encoded);

/// Decodes and forgets the pixels: throws what decode() would. A JPEG's pixels are made at an eighth of its size.
void check_decodes(const std::string& encoded);

}  // namespace emf::pictures
