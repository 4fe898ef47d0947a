// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/exclusions.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class ExclusionsTest : public testing::Test {
 protected:
  Exclusions read(const std::string& text) {
    folder_.write("exclude.txt", text);
    return Exclusions(folder_ / "exclude.txt");
  }
  std::string refusal(const std::string& text) {
    try {
      read(text);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_{"exclusions"};
};

TEST_F(ExclusionsTest, NamesItemsAndReasons) {
  Exclusions exclusions = read("# broken\n00001/samples/0000.png\tdark\r\n\nprompt a\n");
  EXPECT_TRUE(exclusions.excludes({"00001/samples/0000.png", "prompt b"}));
  EXPECT_TRUE(exclusions.excludes({"0", "prompt a"}));
  EXPECT_FALSE(exclusions.excludes({"dark"}));
  EXPECT_EQ(exclusions.lines(), Json({{{"item", "00001/samples/0000.png"}, {"reason", "dark"}, {"rows", 1}},
                                      {{"item", "prompt a"}, {"reason", ""}, {"rows", 1}}}));
  exclusions.require_matched();
}

TEST_F(ExclusionsTest, RefusesLinesThatLeaveNothingOut) {
  Exclusions exclusions = read("a\nb\n");
  EXPECT_TRUE(exclusions.excludes({"a"}));
  try {
    exclusions.require_matched();
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("exclude.txt:2: 'b' is no item"), std::string::npos) << error.what();
  }
}

TEST_F(ExclusionsTest, RefusesWhatIsNoList) {
  EXPECT_NE(refusal("a\n\na\n").find(":3: 'a' stands in line 1 already"), std::string::npos) << refusal("a\n\na\n");
  EXPECT_NE(refusal("a\n\xe9\n").find(":2: not UTF-8"), std::string::npos);
  EXPECT_NE(refusal("# none\n").find("no item to leave out"), std::string::npos);
}

}  // namespace
}  // namespace emf
