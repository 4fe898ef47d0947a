// SPDX-License-Identifier: Apache-2.0
// Pictures laid out on a PNG: of any shape, where they belong.
#include "harness/command/captioned_tiles.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/pictures/decode.h"

namespace emf {
namespace {

TEST(CaptionedTiles, WidePicturesKeepTheirPixels) {
  constexpr int kHeight = 2, kWidth = 5;
  std::vector<uint8_t> picture;
  for (int i = 0; i < kHeight * kWidth; ++i) {
    for (const int channel : {0, 1, 2}) picture.push_back(static_cast<uint8_t>(20 * i + channel));
  }
  const std::string png = draw_tiles({{picture, "", {}}}, kHeight, kWidth, 1, /*captions=*/false);
  const pictures::Picture canvas = pictures::decode(png);
  ASSERT_EQ(canvas.height, kHeight + 1);
  ASSERT_EQ(canvas.width, kWidth + 1);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto red = static_cast<uint8_t>(20 * (y * kWidth + x));
      const size_t place = 3 * (static_cast<size_t>(y) * (kWidth + 1) + static_cast<size_t>(x));
      for (size_t c = 0; c < 3; ++c) EXPECT_EQ(canvas.rgb[place + c], red + c) << y << ", " << x;
    }
  }
}

TEST(CaptionedTiles, APictureOfAnotherSizeIsRefused) {
  const Tile tile{std::vector<uint8_t>(4 * 8 * 3), "", {}};
  EXPECT_NO_THROW(draw_tiles({tile}, 4, 8, 1, true));
  EXPECT_THROW(draw_tiles({tile}, 8, 8, 1, true), InternalError);
}

}  // namespace
}  // namespace emf
