// SPDX-License-Identifier: Apache-2.0
// What is decoded, and that it is Pillow's pixels; what is refused, and that decoders stay silent.
#include "harness/pictures/decode.h"

#include <gtest/gtest.h>

#include "harness/pictures/picture_header.h"
#include "tests/drawn_pictures.h"
#include "tests/oracle/encoded_cases.h"

namespace emf::pictures {
namespace {

PictureHeader header_of(const std::string& bytes) {
  return read_picture_header([&](uint64_t at, size_t length) { return bytes.substr(at, length); }, bytes.size());
}

std::string complaint(const std::string& bytes) {
  try {
    decode(bytes);
  } catch (const UnreadablePicture& error) {
    return error.what();
  }
  return "";
}

/// How far the pixels are from those of a case.
int distance(const Picture& picture, const Json& wanted) {
  const std::string rgb = bytes_of_base64(wanted["rgb"]);
  EXPECT_EQ(picture.height, wanted["height"]);
  EXPECT_EQ(picture.width, wanted["width"]);
  if (rgb.size() != picture.rgb.size()) return 256;
  int most = 0;
  for (size_t i = 0; i < rgb.size(); ++i)
    most = std::max(most, std::abs(static_cast<uint8_t>(rgb[i]) - picture.rgb[i]));
  return most;
}

TEST(Decode, PixelsAreThoseOfPillow) {
  const Json oracle = read_json(project_root() / "tests/oracle/decoded_pictures.json");
  int compared = 0, turned = 0;
  for (const Json& one : oracle["cases"]) {
    const std::string name = one["name"], encoded = bytes_of_base64(one["encoded"]);
    SCOPED_TRACE(name);
    EXPECT_EQ(distance(decode(encoded, Colors::kPillow), one), 0);
    const Json& seen = one.contains("seen") ? one["seen"] : one;
    EXPECT_EQ(distance(decode(encoded, Colors::kPillow, Orientation::kObeyed), seen), 0);
    EXPECT_NO_THROW(check_decodes(encoded));
    EXPECT_NO_THROW(decode(encoded));
    ++compared;
    turned += one.contains("seen") ? 1 : 0;
  }
  EXPECT_GT(compared, 110);
  EXPECT_GT(turned, 12);
}

TEST(Decode, EveryCutIsRefused) {
  // Of the last bytes some say nothing of the pixels: what pads a GIF's or WebP's end.
  const Json oracle = read_json(project_root() / "tests/oracle/decoded_pictures.json");
  for (const Json& one : oracle["cases"]) {
    const std::string name = one["name"], encoded = bytes_of_base64(one["encoded"]);
    if (name.ends_with("as text") || name.starts_with("gif") || name.starts_with("tiff")) continue;
    for (const double share : {0.05, 0.3, 0.6, 0.9, 0.99}) {
      const auto length = static_cast<size_t>(static_cast<double>(encoded.size() - 2) * share);
      EXPECT_NE(complaint(encoded.substr(0, length)), "") << name << " " << share;
    }
  }
}

TEST(Decode, WhatIsTransparentIsLaidOverWhiteForTheEye) {
  std::vector<uint8_t> clear;
  for (int i = 0; i < 20; ++i) clear.insert(clear.end(), {200, 0, 0, 51});  // a fifth of red
  const std::string png = encode_png(clear, 4, 5);
  EXPECT_EQ(decode(png).rgb[0], 244);
  EXPECT_EQ(decode(png).rgb[1], 204);
  EXPECT_EQ(decode(png, Colors::kPillow).rgb[0], 200);
  EXPECT_EQ(decode(png, Colors::kPillow).rgb[1], 0);
  const RgbaPicture back = decode_png_with_alpha(png);
  EXPECT_TRUE(back.has_alpha);
  EXPECT_EQ(back.rgba, clear);
}

TEST(Header, SizesAreTheDecoders) {
  const Json oracle = read_json(project_root() / "tests/oracle/decoded_pictures.json");
  for (const Json& one : oracle["cases"]) {
    const std::string encoded = bytes_of_base64(one["encoded"]);
    const PictureHeader header = header_of(encoded);
    const Picture picture = decode(encoded);
    EXPECT_EQ(std::pair(header.height, header.width), std::pair(picture.height, picture.width)) << one["name"];
  }
}

TEST(Header, StepsOverALongSegmentWithAThumbnail) {
  // An EXIF segment of 60,000 bytes that holds a JPEG of its own: its size and its end mark are not the picture's.
  const std::string jpeg = encoded_picture(".jpg", 1, 50, 70), thumbnail = encoded_picture(".jpg", 2, 8, 8);
  std::string segment = "\xff\xe1" + std::string("\xea\x60", 2) + thumbnail;
  segment.resize(2 + 0xea60, 'x');
  const std::string whole = jpeg.substr(0, 2) + segment + jpeg.substr(2);
  EXPECT_EQ(header_of(whole).height, 50);
  EXPECT_EQ(decode(whole).width, 70);
  EXPECT_EQ(complaint(whole.substr(0, whole.size() - jpeg.size() / 3)), "is cut short");
  // Bytes behind the end do no harm, however many.
  EXPECT_EQ(complaint(whole + std::string(50000, '\0')), "");
}

TEST(Header, SizesThatBytesCannotHoldAreRefusedBeforeAnythingIsMade) {
  std::string png = encoded_picture(".png", 1, 8, 8);
  const auto claimed = [&](uint32_t side) {
    for (const size_t at : {16, 20}) {
      for (size_t i = 0; i < 4; ++i) png[at + i] = static_cast<char>(side >> (24 - 8 * i));
    }
    return complaint(png);
  };
  EXPECT_EQ(claimed(60000), "claims 60000 x 60000 pixels; no more than 2^28 are read");
  EXPECT_EQ(claimed(16000), "is cut short");  // 256 million pixels in a few hundred bytes
  std::string jpeg = encoded_picture(".jpg", 1, 8, 8);
  const size_t frame = jpeg.find("\xff\xc0");
  for (const size_t at : {frame + 5, frame + 7}) jpeg[at] = '\x3e';
  EXPECT_EQ(complaint(jpeg), "is cut short");
  EXPECT_EQ(complaint("P5 60000 60000 255\n"), "claims 60000 x 60000 pixels; no more than 2^28 are read");
  EXPECT_EQ(complaint("P5 6000 6000 255\n"), "is cut short");
}

TEST(Header, AFrameFarOffItsScreenCostsNoMoreThanItsBytesCanHold) {
  using std::string_literals::operator""s;
  // One white pixel; behind the comma the frame's left, top, width and height.
  std::string gif = "GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;"s;
  const size_t frame = gif.find(',');
  gif[frame + 1] = 9;  // Pillow widens the picture to hold the frame
  EXPECT_EQ(decode(gif).width, 10);
  gif[frame + 2] = '\x70', gif[frame + 4] = '\x10';
  EXPECT_EQ(complaint(gif), "is cut short");
}

TEST(Decode, RefusesWhatIsNoPicture) {
  EXPECT_EQ(complaint(""), "is empty");
  EXPECT_EQ(complaint("not a picture"), "is no JPEG, PNG or WebP, and no GIF, BMP, TIFF or PNM");
  for (const char* magic :
       {"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF____WEBP", "GIF89a", "BM", "II*", "P6 ", "P3\n1 1\n255\n1 2"}) {
    EXPECT_NE(complaint(magic), "") << magic;
  }
}

TEST(Decode, DamageIsRefusedWithoutAWordOnStderr) {
  testing::internal::CaptureStderr();
  const std::string jpeg = encoded_picture(".jpg", 5, 200, 200), png = encoded_picture(".png", 5, 64, 64);
  // A JPEG whose middle is lost but whose end is there: only libjpeg's warning tells.
  const std::string holed = jpeg.substr(0, jpeg.size() / 2) + jpeg.substr(jpeg.size() - 2);
  EXPECT_NE(complaint(holed).find("damaged JPEG data"), std::string::npos) << complaint(holed);
  EXPECT_THROW(check_decodes(holed), UnreadablePicture);
  // One that lacks its end mark alone.
  EXPECT_EQ(complaint(jpeg.substr(0, jpeg.size() - 2)), "is cut short");
  std::string broken = png;
  broken[png.size() / 2] ^= 0x55;
  EXPECT_NE(complaint(broken).find("damaged PNG data"), std::string::npos) << complaint(broken);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace emf::pictures
