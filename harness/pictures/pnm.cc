// SPDX-License-Identifier: Apache-2.0
// PBM, PGM and PPM, as text or bytes: a header of numbers, then the values as they are.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  /// The next number; blanks and comments before it are stepped over.
  int number() {
    skip_blanks();
    int64_t value = 0;
    const size_t begin = at_;
    for (; at_ < bytes_.size() && std::isdigit(byte(at_)) != 0; ++at_)
      value = std::min<int64_t>(10 * value + byte(at_) - '0', 1 << 30);
    if (at_ == begin) fail();
    return static_cast<int>(value);
  }
  /// A digit of a plain bitmap, which may stand without blanks.
  int bit() {
    skip_blanks();
    if (at_ == bytes_.size() || (byte(at_) != '0' && byte(at_) != '1')) fail();
    return byte(at_++) - '0';
  }
  /// The values begin one blank behind the last number of the header.
  std::string_view values() {
    if (at_ == bytes_.size() || std::isspace(byte(at_)) == 0) fail();
    return bytes_.substr(at_ + 1);
  }

 private:
  unsigned char byte(size_t at) const { return static_cast<unsigned char>(bytes_[at]); }
  void skip_blanks() {
    while (at_ < bytes_.size() && (std::isspace(byte(at_)) != 0 || bytes_[at_] == '#')) {
      at_ = bytes_[at_] == '#' ? std::min(bytes_.find_first_of("\r\n", at_), bytes_.size()) : at_ + 1;
    }
  }
  [[noreturn]] void fail() const {
    throw UnreadablePicture(at_ >= bytes_.size() ? "is cut short" : "holds damaged PNM data");
  }

  std::string_view bytes_;
  size_t at_ = 2;  // behind the magic
};

/// Values of 0 to `most` as bytes. Pillow keeps grey of more than eight bits on the scale of 16 and cuts it at 255.
class Scale {
 public:
  Scale(int most, bool cut) : most_(most), cut_(cut) {}
  uint8_t operator()(int value, bool& clipped) const {
    if (most_ == 255) return static_cast<uint8_t>(value);
    const double wide = std::nearbyint(static_cast<double>(std::min(value, most_)) / most_ * (cut_ ? 65535 : 255));
    clipped = clipped || wide > 255;
    return static_cast<uint8_t>(std::min(wide, 255.0));
  }

 private:
  int most_;
  bool cut_;
};

}  // namespace

StoredPicture decode_pnm(std::string_view encoded, const Wanted& wanted) {
  Reader reader(encoded);
  const int kind = encoded[1] - '0';
  const bool plain = kind <= 3, bitmap = kind % 3 == 1;
  StoredPicture picture;
  picture.width = reader.number(), picture.height = reader.number();
  picture.channels = kind % 3 == 0 ? 3 : 1;
  const int most = bitmap ? 1 : reader.number();
  if (most < 1 || most > 65535) throw UnreadablePicture("holds damaged PNM data");
  const Scale scale(most, most > 255 && picture.channels == 1 && wanted.pillow);
  const size_t row_values = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.channels),
               count = row_values * static_cast<size_t>(picture.height);
  if (plain) {
    reserve_rows(picture, encoded.size());
    for (size_t i = 0; i < count; ++i) {
      if (bitmap) {
        picture.bytes.push_back(reader.bit() != 0 ? 0 : 255);
        continue;
      }
      const int value = reader.number();
      if (value > most) throw UnreadablePicture("holds damaged PNM data");
      picture.bytes.push_back(scale(value, picture.clipped));
    }
    return picture;
  }
  const std::string_view values = reader.values();
  const size_t width = bitmap ? 0 : most > 255 ? 2 : 1, row_bytes = bitmap ? (row_values + 7) / 8 : row_values * width;
  if (values.size() / std::max<size_t>(row_bytes, 1) < static_cast<size_t>(picture.height))
    throw UnreadablePicture("is cut short");
  picture.bytes.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const auto at = [&](size_t place) { return static_cast<unsigned char>(values[place]); };
    if (bitmap) {
      const size_t x = i % row_values, place = i / row_values * row_bytes + x / 8;
      picture.bytes[i] = (at(place) >> (7 - x % 8) & 1) != 0 ? 0 : 255;
    } else {
      picture.bytes[i] = scale(width == 2 ? at(2 * i) << 8 | at(2 * i + 1) : at(i), picture.clipped);
    }
  }
  return picture;
}

}  // namespace emf::pictures
