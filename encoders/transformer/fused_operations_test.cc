// SPDX-License-Identifier: Apache-2.0
// The fused operations against their references, in float64 where the reference can run in it.
#include "encoders/transformer/fused_operations.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

double relative(const at::Tensor& value, const at::Tensor& expected) {
  return ((value.to(at::kDouble) - expected).norm() / expected.norm()).item<double>();
}

TEST(FusedOperations, RmsNorm) {
  const at::NoGradGuard no_grad;
  for (const int64_t size : {1, 15, 16, 48, 577}) {
    const at::Tensor x = normal_named(1, "x", {37, size}) * 30, weight = normal_named(1, "w", {size});
    const at::Tensor exact = reference::rms_norm(x.to(at::kDouble), weight.to(at::kDouble), 1e-5, at::kDouble);
    EXPECT_LT(relative(rms_norm(x, weight, 1e-5, at::kFloat), exact), 3e-7) << size;
    const at::Tensor rounded = rms_norm(x, weight, 1e-5, at::kBFloat16);
    EXPECT_LT(relative(rounded, exact), 3e-3) << size;
    EXPECT_TRUE(at::equal(rounded, rms_norm(x, weight, 1e-5, at::kFloat).to(at::kBFloat16))) << size;
  }
}

TEST(FusedOperations, TurnHeads) {
  const at::NoGradGuard no_grad;
  const at::Tensor angles = normal_named(2, "angles", {9, 1, 6}) * 100;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor heads = normal_named(2, "heads", {9, 5, 12}).to(type);
    const at::Tensor expected = reference::turn_heads(heads.clone(), 3, angles.cos(), angles.sin());
    const at::Tensor turned = turn_heads(heads.clone(), 3, angles.cos(), angles.sin());
    // One rounding of a fused multiply-add apart.
    EXPECT_LT(relative(turned, expected.to(at::kDouble)), type == at::kFloat ? 1e-7 : 1e-4);
    EXPECT_TRUE(at::equal(turned.narrow(1, 3, 2), heads.narrow(1, 3, 2)));
  }
}

TEST(FusedOperations, RecordGradientsWhenAsked) {
  const at::Tensor x = normal_named(3, "x", {4, 8}).requires_grad_(true),
                   weight = normal_named(3, "w", {8}).requires_grad_(true);
  rms_norm(x, weight, 1e-5, at::kFloat).sum().backward();
  EXPECT_TRUE(x.grad().defined() && weight.grad().defined());
}

}  // namespace
}  // namespace emf
