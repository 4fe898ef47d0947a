// SPDX-License-Identifier: Apache-2.0
// The time's features and the draws against the host's own.
#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/fused/random_rows.h"
#include "harness/kernels/time_embedding.h"
#include "harness/tensor/random_rows.h"
#include "tests/kernel_device.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

class FusedTimeEmbedding : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (kernel_launchers().time_embedding == nullptr) GTEST_SKIP() << "these kernels have no time embedding";
  }
};

class DeviceDraws : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (kernel_launchers().normal_rows == nullptr) GTEST_SKIP() << "these kernels have no draws";
  }
};

/// The largest distance in units in the last place of the larger.
int64_t worst_ulp(const at::Tensor& a, const at::Tensor& b) {
  // Floats of one sign are ordered as their bits; around zero a sign costs more than it is worth, so there are few.
  const at::Tensor x = a.contiguous().view(at::kInt).to(at::kLong), y = b.contiguous().view(at::kInt).to(at::kLong);
  return (x - y).abs().max().item<int64_t>();
}

TEST_F(FusedTimeEmbedding, IsTheReferenceButForALastBit) {
  for (const int64_t rows : {0, 1, 77}) {
    for (const double scale : {16.0, 1000.0}) {
      const at::Tensor t = at::rand({77});
      const Dual moving{t, rows > 0 ? at::randn({rows}) : at::Tensor()};
      const PlainOperations plain;
      const Dual reference = time_embedding(moving, 256, scale);
      const PoisonedMemory poisoned;
      const auto on_device = [](const at::Tensor& x) { return x.defined() ? x.to(kernel_device()) : x; };
      const auto fused = fused::time_embedding({on_device(t), on_device(moving.tangent)}, 256, scale, 1e4);
      ASSERT_TRUE(fused.has_value());
      // Of 1, which is what a sine's last bits are counted in.
      EXPECT_LE((fused->value.cpu() - reference.value).abs().max().item<double>(), 1.2e-7);
      EXPECT_EQ(fused->has_tangent(), rows > 0);
      if (rows > 0) {
        EXPECT_LT(relative_error(fused->tangent.cpu(), reference.tangent), 1e-7);
      }
    }
  }
}

TEST_F(FusedTimeEmbedding, AnswersNothingWhereTheTimeHasAGradient) {
  const at::TensorOptions options = at::TensorOptions().device(kernel_device()).dtype(at::kFloat);
  EXPECT_FALSE(fused::time_embedding({at::rand({3}, options).requires_grad_(), {}}, 8, 16, 1e4).has_value());
  EXPECT_FALSE(fused::time_embedding({at::rand({3}, options.dtype(at::kDouble)), {}}, 8, 16, 1e4).has_value());
}

TEST_F(DeviceDraws, NormalsAreTheHosts) {
  std::vector<uint64_t> indices = {0, 1, 77, (uint64_t{1} << 32) + 5, ~uint64_t{0}};
  for (uint64_t i = 0; i < 200; ++i) indices.push_back(1000 + 17 * i);
  int64_t different = 0, all = 0;
  for (const at::IntArrayRef shape : std::vector<std::vector<int64_t>>{{1}, {3}, {4, 32, 31}}) {
    const at::Tensor host = normal_rows((uint64_t{9} << 40) + 3, "train/eps", indices, shape);
    const PoisonedMemory poisoned;
    const at::Tensor ours =
        fused::normal_rows((uint64_t{9} << 40) + 3, "train/eps", indices, shape, kernel_device())->cpu();
    ASSERT_EQ(ours.sizes(), host.sizes());
    EXPECT_LE(worst_ulp(ours, host), 4);
    different += ours.ne(host).sum().item<int64_t>();
    all += host.numel();
  }
  // Where the host's logf, sinf or cosf is not the nearest float: 1.5 % of them with glibc 2.36.
  EXPECT_LT(static_cast<double>(different), 0.03 * static_cast<double>(all)) << different << " of " << all;
}

TEST_F(DeviceDraws, UniformsAreTheHostsToTheLastBit) {
  const std::vector<uint64_t> indices = {0, 1, 77, (uint64_t{1} << 32) + 5, ~uint64_t{0}};
  constexpr int64_t kCount = 1027;
  const at::Tensor places =
      at::tensor(std::vector<int64_t>(indices.begin(), indices.end()), at::kLong).to(kernel_device());
  const at::Tensor out = at::full({5, kCount}, NAN, at::TensorOptions().device(kernel_device()).dtype(at::kFloat));
  const fused::RandomRows call{
      12345, stream_key("train/t"), 5, kCount, static_cast<const uint64_t*>(places.data_ptr()), out.data_ptr<float>()};
  const fused::Launchers table = kernel_launchers();
  EXPECT_EQ(table.uniform_rows(call, table.current_stream(kernel_device())), nullptr);
  const at::Tensor ours = out.cpu();
  for (size_t row = 0; row < indices.size(); ++row) {
    Random random(12345, "train/t", indices[row]);
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(ours[static_cast<int64_t>(row)][i].item<float>(), random.uniform()) << row << " " << i;
    }
  }
}

}  // namespace
}  // namespace emf
