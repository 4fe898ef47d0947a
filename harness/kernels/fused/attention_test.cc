// SPDX-License-Identifier: Apache-2.0
// Fused attention against the layer that it stands for, in double: head sizes, lengths around tiles, masks, every set
// of moving inputs that it takes, gradients.
#include "harness/kernels/attention.h"

#include <gtest/gtest.h>

#include <limits>

#include "harness/kernels/fused/operations.h"
#include "tests/operation_case.h"

namespace emf {
namespace {

struct Sizes {
  int64_t batch, heads, queries, keys, head_size;
};

enum class Moving { kAll, kQueries };

const double kSingle = 1e-5, kBrief = 1.5e-2;

void expect_attention(const Sizes& sizes, at::ScalarType type, Moving moving, int64_t moving_rows, bool masked) {
  SCOPED_TRACE(testing::Message() << sizes.batch << " x " << sizes.heads << " heads of " << sizes.head_size << ", "
                                  << sizes.queries << " queries, " << sizes.keys << " keys, " << type << ", K "
                                  << moving_rows << (masked ? ", masked" : ""));
  if (!kernels_take(type)) return;
  const int64_t width = sizes.heads * sizes.head_size;
  at::Tensor mask;
  if (masked) {
    mask = at::rand({sizes.batch, sizes.keys}) < 0.6;
    mask.select(1, sizes.keys / 2).fill_(true);
    if (sizes.batch > 1) {  // one row that sees its last key alone: its tangent is nothing
      mask.select(0, sizes.batch - 1).fill_(false);
      mask[sizes.batch - 1][sizes.keys - 1] = true;
    }
  }
  const auto fused = [&](const std::vector<Dual>& x) {
    const auto result =
        fused::attention(x[0], x[1], x[2], sizes.heads, masked ? mask.to(x[0].value.device()) : at::Tensor());
    EXPECT_TRUE(result.has_value());
    return std::vector<Dual>{*result};
  };
  const auto composed = [&](const std::vector<Dual>& x) {
    const PlainOperations plain;
    return std::vector<Dual>{attention(x[0], x[1], x[2], sizes.heads, mask)};
  };
  const auto rows = [&](int64_t count) { return at::randn({sizes.batch, count, width}, at::kDouble); };
  expect_operation(fused, composed,
                   {{rows(sizes.queries), true, type},
                    {rows(sizes.keys), moving == Moving::kAll, type},
                    {rows(sizes.keys) + 0.5, moving == Moving::kAll, type}},
                   moving_rows, type == at::kFloat ? kSingle : kBrief);
}

using FusedAttention = KernelTest;

TEST_F(FusedAttention, EveryHeadSize) {
  for (int64_t size = 8; size <= 128; size += 8) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      expect_attention({2, 2, 70, 70, size}, type, Moving::kAll, 1, false);
      expect_attention({2, 2, 5, 40, size}, type, Moving::kQueries, 2, true);
    }
  }
}

TEST_F(FusedAttention, LengthsAroundTiles) {
  for (const int64_t queries : {1, 63, 64, 65, 129}) {
    for (const int64_t keys : {20, 64, 81, 193}) {
      expect_attention({2, 1, queries, keys, 64}, at::kBFloat16, Moving::kAll, 1, false);
      expect_attention({1, 2, queries, keys, 72}, at::kBFloat16, Moving::kQueries, 1, true);
    }
  }
}

TEST_F(FusedAttention, EveryNumberOfMovingRows) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (int64_t rows = 0; rows <= 3; ++rows) {
      expect_attention({3, 2, 33, 33, 32}, type, Moving::kAll, rows, false);
      expect_attention({3, 2, 33, 17, 32}, type, Moving::kQueries, rows, true);
    }
  }
}

TEST_F(FusedAttention, LeavesToOthersWhatItHasNoKernelFor) {
  const auto rows = [](int64_t width, at::ScalarType type) {
    return Dual{at::randn({2, 3, width}).to(kernel_device(), type), {}};
  };
  const Dual odd = rows(12, at::kFloat), wide = rows(272, at::kFloat), precise = rows(16, at::kDouble);
  EXPECT_FALSE(fused::attention(odd, odd, odd, 1, {}).has_value());
  EXPECT_FALSE(fused::attention(wide, wide, wide, 2, {}).has_value());
  EXPECT_FALSE(fused::attention(precise, precise, precise, 2, {}).has_value());
  Dual moved = rows(16, at::kFloat);
  const Dual still = moved;
  moved.tangent = moved.value;
  EXPECT_FALSE(fused::attention(still, still, moved, 2, {}).has_value());
  EXPECT_TRUE(fused::attention(moved, still, still, 2, {}).has_value());
}

TEST_F(FusedAttention, TakesATypeOrAnswersNothing) {
  const Dual x{at::randn({2, 3, 16}).to(kernel_device(), at::kBFloat16), {}};
  EXPECT_EQ(fused::attention(x, x, x, 2, {}).has_value(), kernels_take(at::kBFloat16));
}

TEST_F(FusedAttention, AKeyThatIsNoNumberIsSeenByEveryQuery) {
  const at::Tensor rows = at::randn({2, 21, 32});
  at::Tensor keys = rows.clone();
  keys[1][20][3] = std::numeric_limits<float>::quiet_NaN();
  const auto on_device = [](const at::Tensor& x) { return Dual{x.to(kernel_device()), {}}; };
  const at::Tensor out = fused::attention(on_device(rows), on_device(keys), on_device(rows), 2, {})->value.cpu();
  EXPECT_FALSE(out[0].isnan().any().item<bool>());
  EXPECT_TRUE(out[1].narrow(1, 0, 16).isnan().all().item<bool>()) << "the key's head";
  EXPECT_FALSE(out[1].narrow(1, 16, 16).isnan().any().item<bool>()) << "the other";
}

TEST_F(FusedAttention, PiecesOfAWiderRowNeedNoCopy) {
  const at::Tensor wide =
      at::randn({2, 10, 3 * 32}).to(kernel_device(), kernels_take(at::kBFloat16) ? at::kBFloat16 : at::kFloat);
  const std::vector<at::Tensor> parts = wide.split(32, -1);
  const auto found = fused::attention({parts[0], {}}, {parts[1], {}}, {parts[2], {}}, 2, {});
  const auto dense =
      fused::attention({parts[0].contiguous(), {}}, {parts[1].contiguous(), {}}, {parts[2].contiguous(), {}}, 2, {});
  EXPECT_TRUE(at::equal(found->value, dense->value));
}

}  // namespace
}  // namespace emf
