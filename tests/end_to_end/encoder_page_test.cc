// SPDX-License-Identifier: Apache-2.0
// docs/encoders.md, word for word.
#include <gtest/gtest.h>

#include "tests/end_to_end/followed_page.h"

namespace emf {
namespace {

TEST(EncoderPage, EveryCommandDoesWhatItSays) {
  const std::string text = read_file(project_root() / "docs" / "encoders.md");
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
  const FollowedPage page("encoders.md");
  EXPECT_EQ(page.status, 0) << page.talk << page.out;
  EXPECT_TRUE(std::filesystem::exists(page / "encoders/mine.cc"));
  EXPECT_FALSE(std::filesystem::exists(project_root() / "encoders" / "mine.cc"));
  EXPECT_NE(page.out.find("[       OK ] Registered/EncoderContract.ShapesTypesAndMask/mine"), std::string::npos);
  EXPECT_NE(page.out.find("[       OK ] Registered/EncoderContract.ShapesTypesAndMask/guest"), std::string::npos);
  EXPECT_NE(page.out.find("\nguest "), std::string::npos) << "list names the plugin's encoder";
  EXPECT_EQ(page.records(), 2) << "one run with mine, one with guest";
}

}  // namespace
}  // namespace emf
