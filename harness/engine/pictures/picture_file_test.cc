// SPDX-License-Identifier: Apache-2.0
// Pictures read for scores: as the tools read them that the scores are compared with, and never half of one.
#include "harness/engine/pictures/picture_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/drawn_pictures.h"

namespace emf {
namespace {

std::string refusal(const std::filesystem::path& path) {
  try {
    read_picture(path);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(PictureFile, OrientationsAreFollowedWhereAsked) {
  const TemporaryFolder folder("picture_file");
  const std::string jpeg = encoded_picture(".jpg", 2, 37, 61);
  folder.write("plain.jpg", jpeg);
  folder.write("turned.jpg", with_orientation(jpeg, 6));
  EXPECT_TRUE(at::equal(read_picture(folder / "plain.jpg"), read_picture(folder / "turned.jpg")));
  EXPECT_EQ(read_picture(folder / "turned.jpg").sizes(), (at::IntArrayRef{3, 37, 61}));
  const at::Tensor seen = read_picture(folder / "turned.jpg", pictures::Orientation::kObeyed);
  EXPECT_TRUE(at::equal(seen, read_picture(folder / "plain.jpg").rot90(-1, {1, 2})));
}

TEST(PictureFile, WhatIsCutShortIsRefusedByName) {
  const TemporaryFolder folder("picture_file");
  for (const char* extension : {".jpg", ".png", ".webp"}) {
    const std::string bytes = encoded_picture(extension, 2, 137, 161);
    const std::string name = std::string("half") + extension;
    folder.write(name, bytes.substr(0, bytes.size() / 2));
    EXPECT_NE(refusal(folder / name).find(name), std::string::npos) << refusal(folder / name);
  }
  folder.write("empty.png", "");
  EXPECT_NE(refusal(folder / "empty.png"), "");
}

}  // namespace
}  // namespace emf
