// SPDX-License-Identifier: Apache-2.0
// What the first and the last bytes of a picture say of it, without decoding: kind, size, and whether it is all there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace emf::pictures {

enum class Format { kJpeg, kPng, kWebp, kGif, kBmp, kTiff, kPnm };

struct PictureHeader {
  Format format = Format::kJpeg;
  int height = 0, width = 0;  ///< pixels as they are stored; an EXIF orientation is not looked at
  bool arithmetic = false;    ///< a JPEG of arithmetic coding
};

/// Thrown (and caught by whoever counts) for a picture that cannot be read; what() says why in a few words: "is cut
/// short".
struct UnreadablePicture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `length` bytes of the picture from `offset` on; fewer only at its end.
using ReadBytes = std::function<std::string(uint64_t offset, size_t length)>;

/// Reads the header and looks for the end mark. Files are read where the format's own marks lie: two reads of at most
/// kEdgeBytes are enough for nearly every picture.
/// @param size  bytes of the picture.
/// @throws UnreadablePicture  another format, damaged, cut short, without pixels, or with more of them than kMostPixels
///   or than so many bytes can hold, whatever decoder would be asked.
PictureHeader read_picture_header(const ReadBytes& read, uint64_t size);

/// The same for a size that a decoder found later, as a GIF's frame that lies beyond its screen.
/// @throws UnreadablePicture  no pixels, or more of them than kMostPixels, than so many bytes can hold or than may be
///   unpacked.
void require_readable_size(const PictureHeader& header, uint64_t size);

/// True for names that end as pictures' do, in either case: .jpg, .jpeg, .jpe, .jfif, .png, .webp, .bmp, .gif, .tif,
/// .tiff, .ppm, .pgm, .pbm and .pnm.
bool is_picture_name(std::string_view name);

/// A square of 16,384; Pillow refuses from 179 million on.
constexpr uint64_t kMostPixels = uint64_t{1} << 28;

/// What is read of either end of a picture to tell it from others.
constexpr size_t kEdgeBytes = 8192;

}  // namespace emf::pictures
