// SPDX-License-Identifier: Apache-2.0
#include "harness/base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace emf {
namespace {

TEST(Philox, MatchesTheAuthorsKnownAnswers) {
  // Random123's kat_vectors for philox4x32-10.
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, IsAFunctionOfItsKey) {
  Random a(1, "stream", 5), b(1, "stream", 5), other_index(1, "stream", 6), other_stream(1, "strean", 5);
  const uint32_t first = a.bits();
  EXPECT_EQ(first, b.bits());
  EXPECT_NE(first, other_index.bits());
  EXPECT_NE(first, other_stream.bits());
}

TEST(Random, NormalsHaveTheRightMoments) {
  double sum = 0, squares = 0;
  constexpr int kCount = 200000;
  for (int i = 0; i < kCount / 4; ++i) {
    Random random(3, "moments", static_cast<uint64_t>(i));
    for (int j = 0; j < 4; ++j) {
      const double x = random.normal();
      sum += x;
      squares += x * x;
    }
  }
  EXPECT_NEAR(sum / kCount, 0, 4 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 4 * std::sqrt(2.0 / kCount));
}

}  // namespace
}  // namespace emf
