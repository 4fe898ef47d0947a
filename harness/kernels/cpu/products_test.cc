// SPDX-License-Identifier: Apache-2.0
// The CPU's products against ATen in double: every remainder of strips, panels, pairs and chunks.
#include <ATen/Parallel.h>

#include "harness/kernels/activation.h"
#include "harness/kernels/cpu/kernels.h"
#include "harness/kernels/cpu/linear_operation.h"
#include "harness/kernels/cpu/packed_weights.h"
#include "harness/kernels/linear.h"
#include "harness/tensor/autocast.h"
#include "tests/kernels_in_use.h"
#include "tests/operation_case.h"

namespace emf {
namespace {

constexpr double kSingleTolerance = 2e-6, kBfloat16Tolerance = 4e-3;

std::vector<Dual> composed(const std::vector<Dual>& x) {
  const PlainOperations plain;
  return {linear(x[0], x[1].value, x.size() > 2 ? x[2].value : at::Tensor())};
}

/// @param bfloat16  under autocast, and what comes in is bf16's.
void expect_linear(int64_t samples, int64_t tokens, int64_t inputs, int64_t outputs, bool bfloat16, bool bias,
                   int64_t moving) {
  SCOPED_TRACE(testing::Message() << samples << " x " << tokens << " x " << inputs << " -> " << outputs << ", bf16 "
                                  << bfloat16 << ", bias " << bias << ", moving " << moving);
  const auto type = bfloat16 ? at::kBFloat16 : at::kFloat;
  const auto draw = [&](at::IntArrayRef sizes) { return at::randn(sizes).to(type).to(at::kDouble); };
  std::vector<OperationInput> operands = {{draw({samples, tokens, inputs}), true, type},
                                          {draw({outputs, inputs}), false, at::kFloat}};
  if (bias) operands.push_back({draw({outputs}), false, at::kFloat});
  const auto ours = [&](const std::vector<Dual>& x) {
    const Autocast products(bfloat16, at::kCPU);
    const auto y = fused::linear(x[0], x[1].value, x.size() > 2 ? x[2].value : at::Tensor());
    EXPECT_TRUE(y.has_value());
    return std::vector<Dual>{*y};
  };
  expect_operation(ours, composed, operands, moving, bfloat16 ? kBfloat16Tolerance : kSingleTolerance);
}

class CpuProducts : public KernelTest {
 protected:
  static bool has_bfloat16_products() { return fused::cpu_kernels()->has_bf16; }
};

TEST_F(CpuProducts, EveryRemainder) {
  for (const bool bfloat16 : {false, true}) {
    if (bfloat16 && !has_bfloat16_products()) continue;
    for (const int64_t rows : {1, 2, 11, 12, 13, 97}) expect_linear(rows, 1, 64, 32, bfloat16, true, rows / 2);
    for (const int64_t columns : {2, 14, 16, 18, 30, 32, 34, 50, 96})
      expect_linear(3, 5, 64, columns, bfloat16, true, 1);
    for (const int64_t inner : {2, 4, 16, 30, 34, 62, 66, 1030, 2050})
      expect_linear(2, 7, inner, 36, bfloat16, true, 2);
    expect_linear(9, 131, 34, 50, bfloat16, true, 3);  // more rows than a chunk of the weight's gradient
    expect_linear(2, 1100, 8, 98, bfloat16, true, 0);
    expect_linear(3, 5, 64, 32, bfloat16, false, 3);
  }
  expect_linear(3, 7, 13, 5, /*bfloat16=*/false, true, 2);  // odd numbers are no pairs, but fp32 has none
}

TEST_F(CpuProducts, LeavesToAtenWhatItHasNoKernelFor) {
  const at::Tensor x = at::randn({3, 8}), weight = at::randn({4, 8}), bias = at::randn({4});
  EXPECT_TRUE(fused::linear({x, {}}, weight, bias).has_value());
  EXPECT_FALSE(fused::linear({x.to(at::kDouble), {}}, weight, bias).has_value());
  EXPECT_FALSE(fused::linear({x.to(at::kBFloat16), {}}, weight, bias).has_value()) << "ATen refuses mixed types";
  EXPECT_FALSE(fused::linear({x, {}}, weight.to(at::kDouble), bias).has_value());
  EXPECT_FALSE(fused::linear({x, {}}, at::randn({8, 4}).t(), bias).has_value());
  EXPECT_FALSE(fused::linear({at::empty({0, 8}), {}}, weight, bias).has_value());
  if (!has_bfloat16_products()) return;
  const Autocast products(true, at::kCPU);
  EXPECT_FALSE(fused::linear({at::randn({3, 7}), {}}, at::randn({4, 7}), bias).has_value()) << "half a pair";
}

TEST_F(CpuProducts, SameBytesOnAnyNumberOfThreads) {
  const at::Tensor x = at::randn({5, 61, 70}), weight = at::randn({150, 70}), bias = at::randn({150}),
                   y_gradient = at::randn({5, 61, 150});
  const int before = at::get_num_threads();
  for (const bool bfloat16 : {false, true}) {
    if (bfloat16 && !has_bfloat16_products()) continue;
    const auto results = [&](int threads) {
      at::set_num_threads(threads);
      const at::Tensor leaf = x.clone().requires_grad_(), w = weight.clone().requires_grad_();
      const Autocast products(bfloat16, at::kCPU);
      const at::Tensor y = linear({leaf, {}}, w, bias).value;
      const auto gradients = torch::autograd::grad({y}, {leaf, w}, {y_gradient.to(y.scalar_type())});
      return std::vector<at::Tensor>{y.detach(), gradients[0], gradients[1]};
    };
    const auto one = results(1), two = results(2), five = results(5);
    at::set_num_threads(before);
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_TRUE(one[i].equal(two[i])) << bfloat16 << " " << i;
      EXPECT_TRUE(one[i].equal(five[i])) << bfloat16 << " " << i;
    }
  }
}

TEST_F(CpuProducts, AChangedWeightIsLaidOutAnew) {
  using fused::ElementType, fused::packed_weight, fused::WeightUse;
  const at::Tensor weight = at::randn({4, 6});
  const auto of = [&] { return packed_weight(weight, ElementType::kFloat32, WeightUse::kForward); };
  const auto first = of();
  EXPECT_EQ(of(), first) << "kept";
  EXPECT_NE(packed_weight(weight, ElementType::kFloat32, WeightUse::kBackward), first);
  EXPECT_EQ(of(), first);
  weight.mul_(2);
  EXPECT_NE(of(), first);
  const auto second = of();
  weight.detach().zero_();
  EXPECT_NE(of(), second) << "through another tensor on the same memory";
  const auto third = of();
  weight.set_data(at::randn({4, 6}));
  EXPECT_NE(of(), third);
  const at::Tensor x = at::ones({1, 6});
  EXPECT_LT(relative_error(linear({x, {}}, weight, {}).value, at::mm(x, weight.t())), 1e-6);
}

TEST_F(CpuProducts, TheFusedOptimizersStepIsAChange) {
  const at::Tensor weight = at::randn({8, 8}), x = at::randn({2, 8});
  fused::packed_weight(weight, fused::ElementType::kFloat32, fused::WeightUse::kForward);
  const auto zeros = [&] { return std::vector<at::Tensor>{at::zeros({8, 8})}; };
  const auto optimizer = fused::fused_adamw({{weight}, zeros(), zeros(), zeros(), {}, {}}, {});
  optimizer->step({at::randn({8, 8})}, at::full({}, 0.1, at::kDouble));
  EXPECT_LT(relative_error(linear({x, {}}, weight, {}).value, at::mm(x, weight.t())), 1e-6);
}

}  // namespace
}  // namespace emf
