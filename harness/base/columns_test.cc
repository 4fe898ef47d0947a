// SPDX-License-Identifier: Apache-2.0
// How wide text stands: letters that combine take nothing, wide ones two columns.
#include "harness/base/columns.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

TEST(Columns, CountsWideAndCombiningLetters) {
  EXPECT_EQ(columns_of("train llm"), 9u);
  EXPECT_EQ(columns_of("cafe\u0301"), 4u);
  EXPECT_EQ(columns_of("\u732b\u3068\u72ac"), 6u);
  EXPECT_EQ(columns_of("\u2764\ufe0f"), 2u) << "a sign that its selector makes a picture";
  EXPECT_EQ(columns_of(""), 0u);
  EXPECT_EQ(columns_of("\xff"), 1u);
}

TEST(Columns, CutsWithAnEllipsis) {
  EXPECT_EQ(cut_to_columns("train llm", 9), "train llm");
  EXPECT_EQ(cut_to_columns("train llm", 8), "train l\u2026");
  EXPECT_EQ(cut_to_columns("\u732b\u3068\u72ac", 4), "\u732b\u2026") << "no half of a wide letter";
  EXPECT_EQ(cut_to_columns("cafe\u0301 noir", 5), "cafe\u0301\u2026");
  EXPECT_EQ(cut_to_columns("abc", 1), "\u2026");
  EXPECT_EQ(cut_to_columns("abc", 0), "");
}

}  // namespace
}  // namespace emf
