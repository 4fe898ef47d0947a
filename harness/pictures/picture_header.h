// What the first and the last bytes of a JPEG, PNG or WebP say of it, without decoding: kind, size, and whether it is
// all there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace emf::pictures {

enum class Format { kJpeg, kPng, kWebp };

struct PictureHeader {
  Format format = Format::kJpeg;
  int height = 0, width = 0;  ///< pixels as they are stored; an EXIF orientation is not looked at
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
/// @throws UnreadablePicture  another format, damaged, cut short, without pixels or with more than 2^30 of them.
PictureHeader read_picture_header(const ReadBytes& read, uint64_t size);

/// True for the names that a data set takes for pictures: .jpg, .jpeg, .png and .webp in either case.
bool is_picture_name(std::string_view name);

/// What is read of either end of a picture to tell it from others.
constexpr size_t kEdgeBytes = 8192;

}  // namespace emf::pictures
