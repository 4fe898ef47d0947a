// SPDX-License-Identifier: Apache-2.0
// Resizing against Pillow's and OpenCV's own results (tests/oracle/make_fitted_pictures.py), and what stays in the
// frame.
#include "harness/pictures/fit.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/pictures/picture_header.h"

namespace emf::pictures {
namespace {

/// The formula of the script's source().
Picture source(int height, int width) {
  Picture picture{height, width, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 7 + y * 13, x * x + 3 * y, (x / 5 + y / 3) % 2 * 200 + x * y % 56}) {
        picture.rgb.push_back(static_cast<uint8_t>(value % 256));
      }
    }
  }
  return picture;
}

TEST(Fit, EqualsPillowsLanczosAndOpenCvsArea) {
  const Json oracle = read_json(project_root() / "tests/oracle/fitted_pictures.json");
  ASSERT_GE(oracle.at("cases").size(), 7u);
  for (const Json& one : oracle.at("cases")) {
    const Picture picture = source(one["source"][0], one["source"][1]);
    const int height = one["target"][0], width = one["target"][1];
    const Window window = covering_window(picture.height, picture.width, height, width);
    EXPECT_EQ((std::vector<int>{window.height, window.width}), one["resized"].get<std::vector<int>>());
    for (const auto& [name, how] :
         std::map<std::string, Resize>{{"lanczos", Resize::kLanczos}, {"area", Resize::kArea}}) {
      std::vector<uint8_t> fitted(static_cast<size_t>(height * width * 3));
      fit(picture, height, width, how, fitted);
      const std::vector<int> first_row(fitted.begin(), fitted.begin() + width * 3);
      EXPECT_EQ(first_row, one[name]["first_row"].get<std::vector<int>>()) << name << " " << one["source"];
      EXPECT_EQ(sha256_hex({reinterpret_cast<const char*>(fitted.data()), fitted.size()}), one[name]["sha256"])
          << name << " " << one["source"];
    }
  }
}

TEST(Fit, CoversTheFrameAndKeepsTheMiddle) {
  // Four quarters of one colour each, wider than high: a square keeps as much of the left as of the right.
  Picture picture{20, 60, {}};
  for (int i = 0; i < 20 * 60; ++i) picture.rgb.insert(picture.rgb.end(), 3, i % 60 < 30 ? 10 : 210);
  for (const Resize how : {Resize::kArea, Resize::kLanczos}) {
    std::vector<uint8_t> fitted(10 * 10 * 3);
    fit(picture, 10, 10, how, fitted);
    EXPECT_EQ(fitted[0], 10);
    EXPECT_EQ(fitted[9 * 3], 210);
  }
  for (const auto& [height, width] : {std::pair(8, 4096), std::pair(4096, 8), std::pair(31, 33)}) {
    const Window window = covering_window(997, 613, height, width);
    EXPECT_GE(window.height, height);
    EXPECT_GE(window.width, width);
    EXPECT_TRUE(window.height == height || window.width == width);
    EXPECT_LE(window.top + window.rows, window.height);
    EXPECT_LE(window.left + window.columns, window.width);
  }
}

TEST(Fit, WhatIsLongAndThinIsNoPicture) {
  EXPECT_THROW(covering_window(1, 60000, 4096, 4096), UnreadablePicture);
  EXPECT_EQ(covering_window(1, 60000, 8, 8).width, 480000);
}

}  // namespace
}  // namespace emf::pictures
