// Suggestions are what fingers meant.
#include "harness/base/near_name.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

TEST(NearName, CountsASwapAsOneSlipAndKeepsTheLength) {
  EXPECT_EQ(near_name("encodesr", {"encoder", "encoders"}), "encoders");
  EXPECT_EQ(near_name("encoder", {"encoder", "encoders"}), "encoder");
  EXPECT_EQ(near_name("encodr", {"encoder", "encoders"}), "encoder");
  EXPECT_EQ(near_name("setps", {"seeds", "steps"}), "steps");
}

TEST(NearName, FarWordsHaveNone) {
  EXPECT_EQ(near_name("xylophone", {"encoder", "encoders"}), "");
  EXPECT_EQ(suggestion("xylophone", {"a", "b"}), "; known: a, b");
}

}  // namespace
}  // namespace emf
