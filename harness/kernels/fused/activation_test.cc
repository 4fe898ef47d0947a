// SPDX-License-Identifier: Apache-2.0
// The fused activations against ATen's, in double, at sizes that leave packs and tangents unfinished.
#include <gtest/gtest.h>

#include <limits>

#include "harness/kernels/activation.h"
#include "harness/kernels/fused/operations.h"
#include "tests/operation_case.h"

namespace emf {
namespace {

using FusedActivation = KernelTest;
using Layer = Dual (*)(const Dual&);
using FusedLayer = std::optional<Dual> (*)(const Dual&);

void expect_same(Layer layer, FusedLayer fused, const at::Tensor& x, at::ScalarType type, int64_t rows) {
  SCOPED_TRACE(testing::Message() << x.sizes() << " " << type << ", K " << rows);
  expect_operation(
      [&](const auto& in) {
        const auto y = fused(in[0]);
        EXPECT_TRUE(y.has_value());
        return std::vector<Dual>{*y};
      },
      [&](const auto& in) {
        const PlainOperations plain;
        return std::vector<Dual>{layer(in[0])};
      },
      {{x, true, type}}, rows, type == at::kFloat ? 2e-6 : 4e-3);
}

TEST_F(FusedActivation, EverySize) {
  for (const at::IntArrayRef shape : std::vector<std::vector<int64_t>>{{4, 1}, {3, 5, 7}, {5, 3, 72}, {4, 2, 1153}}) {
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      if (!kernels_take(type)) continue;
      for (const int64_t rows : {int64_t{0}, int64_t{1}, shape[0]}) {
        const at::Tensor x = at::randn(shape, at::kDouble) * 3;
        expect_same(gelu, fused::gelu, x, type, rows);
        expect_same(silu, fused::silu, x, type, rows);
      }
    }
  }
}

TEST_F(FusedActivation, FarFromZero) {
  // Where an exponential overflows or a sigmoid is 0 or 1 to the last bit.
  const at::Tensor x = at::linspace(-200, 200, 401, at::kDouble).view({401, 1});
  expect_same(gelu, fused::gelu, x, at::kFloat, 401);
  expect_same(silu, fused::silu, x, at::kFloat, 401);
}

TEST_F(FusedActivation, AnswersNothingToDoubleAndWhatTheKernelsDoNotTake) {
  const auto takes = [](at::ScalarType type) {
    return fused::gelu({at::randn({3}).to(kernel_device(), type), {}}).has_value();
  };
  EXPECT_FALSE(takes(at::kDouble));
  EXPECT_TRUE(takes(at::kFloat));
  EXPECT_EQ(takes(at::kBFloat16), kernels_take(at::kBFloat16));
}

TEST_F(FusedActivation, WhatIsNoNumberStaysNone) {
  at::Tensor x = at::randn({40});
  x[17] = std::numeric_limits<float>::quiet_NaN();
  x = x.to(kernel_device());
  for (const auto& y : {fused::gelu({x, x}), fused::silu({x, x})}) {
    EXPECT_TRUE(y->value.isnan().equal(x.isnan()));
    EXPECT_TRUE(y->tangent.isnan().equal(x.isnan()));
  }
}

}  // namespace
}  // namespace emf
