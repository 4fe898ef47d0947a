// SPDX-License-Identifier: Apache-2.0
// How the backward pass of the residual norm cuts a sample's tokens: as many tokens as residual_norm_test.cc sums
// over fall into one piece, into several, and into a last one that is not full.
#include <gtest/gtest.h>

#include "harness/kernels/cuda/residual_norm_backward_element.h"

namespace emf::fused {
namespace {

TEST(ResidualNormPieces, AreAFunctionOfTheShape) {
  EXPECT_EQ(tokens_a_piece(64, 256), 16);
  EXPECT_EQ(pieces_of(3, 1031), 258);
  EXPECT_EQ(pieces_of(64, 256), 16);
  EXPECT_EQ(pieces_of(3, 1), 1);
}

}  // namespace
}  // namespace emf::fused
