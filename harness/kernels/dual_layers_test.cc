// SPDX-License-Identifier: Apache-2.0
// Every dual layer's tangent against LibTorch's forward-mode AD in fp64, and its value against ATen.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/forward_grad.h>

#include "harness/base/error.h"
#include "harness/kernels/activation.h"
#include "harness/kernels/attention.h"
#include "harness/kernels/layer_norm.h"
#include "harness/kernels/linear.h"
#include "harness/kernels/residual.h"
#include "harness/kernels/time_embedding.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

using Layer = std::function<Dual(const std::vector<Dual>&)>;

constexpr int64_t kRows = 16, kTokens = 5, kText = 7, kWidth = 24;

/// Runs the layer in fp32 with tangents and compares with forward-mode AD through the same layer's value in fp64.
void expect_exact_tangent(const Layer& layer, const std::vector<at::Tensor>& inputs, const std::vector<bool>& moving) {
  at::manual_seed(7);
  std::vector<at::Tensor> tangents;
  for (size_t i = 0; i < inputs.size(); ++i) tangents.push_back(moving[i] ? at::randn_like(inputs[i]) : at::Tensor());
  const at::Tensor expected = forward_mode_tangent(
      [&](const std::vector<at::Tensor>& values) {
        std::vector<Dual> duals;
        for (const at::Tensor& value : values) duals.push_back({value, {}});
        return layer(duals).value;
      },
      inputs, tangents);
  for (const int64_t rows : {kRows, kRows / 4}) {
    std::vector<Dual> duals;
    for (size_t i = 0; i < inputs.size(); ++i) {
      Dual dual{inputs[i].to(at::kFloat), {}};
      if (moving[i]) dual.tangent = tangents[i].narrow(0, 0, rows).to(at::kFloat);
      duals.push_back(dual);
    }
    const at::Tensor tangent = layer(duals).tangent;
    ASSERT_TRUE(tangent.defined());
    ASSERT_EQ(tangent.size(0), rows);
    EXPECT_FALSE(tangent.requires_grad());
    EXPECT_LT(relative_error(tangent, expected.narrow(0, 0, rows)), 1e-5) << rows << " rows";
  }
}

at::Tensor normal(at::IntArrayRef shape) { return at::randn(shape, at::kDouble); }

class DualLayers : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(3); }
};

TEST_F(DualLayers, Linear) {
  const at::Tensor weight = normal({13, kWidth}), bias = normal({13});
  expect_exact_tangent(
      [&](const auto& x) {
        const auto type = x[0].value.scalar_type();
        return linear(x[0], weight.to(type), bias.to(type));
      },
      {normal({kRows, kTokens, kWidth})}, {true});
}

TEST_F(DualLayers, LayerNorm) {
  expect_exact_tangent([](const auto& x) { return layer_norm(x[0]); }, {normal({kRows, kTokens, kWidth}) + 0.5},
                       {true});
}

TEST_F(DualLayers, PlainLayerNormIsTheSameFunction) {
  const at::Tensor x = normal({kRows, kTokens, kWidth}) + 0.5, tangent = normal({kRows, kTokens, kWidth});
  const Dual fused = layer_norm({x, tangent});
  const PlainLayerNorm plain;
  const Dual taken_apart = layer_norm({x, tangent});
  EXPECT_LT(relative_error(taken_apart.value, fused.value), 1e-12);
  EXPECT_LT(relative_error(taken_apart.tangent, fused.tangent), 1e-12);
}

TEST_F(DualLayers, ModulateWithEverySetOfMovingInputs) {
  const std::vector<at::Tensor> inputs = {normal({kRows, kTokens, kWidth}), normal({kRows, kWidth}),
                                          normal({kRows, kWidth})};
  const Layer layer = [](const auto& x) { return modulate(x[0], x[1], x[2]); };
  expect_exact_tangent(layer, inputs, {true, true, true});
  expect_exact_tangent(layer, inputs, {true, false, false});
  expect_exact_tangent(layer, inputs, {false, true, true});
  expect_exact_tangent(layer, inputs, {true, true, false});
  expect_exact_tangent(layer, inputs, {false, true, false});
  expect_exact_tangent(layer, inputs, {false, false, true});
}

TEST_F(DualLayers, Activations) {
  expect_exact_tangent([](const auto& x) { return gelu(x[0]); }, {normal({kRows, kWidth}) * 3}, {true});
  expect_exact_tangent([](const auto& x) { return silu(x[0]); }, {normal({kRows, kWidth}) * 3}, {true});
}

TEST_F(DualLayers, SelfAttentionWithEverySetOfMovingInputs) {
  const std::vector<at::Tensor> inputs = {normal({kRows, kTokens, kWidth}), normal({kRows, kTokens, kWidth}),
                                          normal({kRows, kTokens, kWidth})};
  for (int set = 1; set < 8; ++set) {
    expect_exact_tangent([](const auto& x) { return attention(x[0], x[1], x[2], 3); }, inputs,
                         {(set & 1) != 0, (set & 2) != 0, (set & 4) != 0});
  }
}

TEST_F(DualLayers, CrossAttentionWithMask) {
  at::Tensor mask = at::rand({kRows, kText}) < 0.5;
  mask.select(1, 0).fill_(true);
  expect_exact_tangent(
      [&](const auto& x) { return attention(x[0], x[1], x[2], 3, mask); },
      {normal({kRows, kTokens, kWidth}), normal({kRows, kText, kWidth}), normal({kRows, kText, kWidth})},
      {true, false, false});
}

TEST_F(DualLayers, AttentionIgnoresMaskedTokens) {
  at::Tensor mask = at::ones({kRows, kText}, at::kBool);
  mask.narrow(1, 4, 3).fill_(false);
  const at::Tensor q = normal({kRows, kTokens, kWidth}), kv = normal({kRows, kText, kWidth});
  const at::Tensor masked = attention({q, {}}, {kv, {}}, {kv, {}}, 3, mask).value;
  const at::Tensor cut = kv.narrow(1, 0, 4);
  EXPECT_LT(relative_error(masked, attention({q, {}}, {cut, {}}, {cut, {}}, 3).value), 1e-12);
}

TEST_F(DualLayers, TimeEmbeddingAtTheDefaultScale) {
  expect_exact_tangent([](const auto& t) { return time_embedding(t[0], 256, 16); }, {at::rand({kRows}, at::kDouble)},
                       {true});
}

TEST_F(DualLayers, TimeEmbeddingRefusesBfloat16) {
  EXPECT_THROW(time_embedding({at::rand({4}).to(at::kBFloat16), {}}, 8, 16), InternalError);
}

TEST_F(DualLayers, ResidualsWithEverySetOfMovingInputs) {
  const std::vector<at::Tensor> inputs = {normal({kRows, kTokens, kWidth}), normal({kRows, kWidth}),
                                          normal({kRows, kTokens, kWidth})};
  const Layer layer = [](const auto& x) { return gated_residual(x[0], x[1], x[2]); };
  expect_exact_tangent(layer, inputs, {true, true, true});
  expect_exact_tangent(layer, inputs, {false, true, false});
  expect_exact_tangent(layer, inputs, {false, false, true});
  expect_exact_tangent([](const auto& x) { return add(x[0], x[1]); }, {inputs[0], inputs[2]}, {true, false});
}

TEST_F(DualLayers, TangentsOfDifferentRowsAreRefused) {
  const auto moving = [](at::IntArrayRef shape, int64_t rows) {
    const at::Tensor value = normal(shape);
    return Dual{value, normal(shape).narrow(0, 0, rows)};
  };
  const Dual long_tokens = moving({kRows, kTokens, kWidth}, 8), short_tokens = moving({kRows, kTokens, kWidth}, 4),
             long_row = moving({kRows, kWidth}, 8), short_row = moving({kRows, kWidth}, 4);
  EXPECT_THROW(add(long_tokens, short_tokens), InternalError);
  EXPECT_THROW(modulate(long_tokens, short_row, short_row), InternalError);
  EXPECT_THROW(modulate(long_tokens, short_row, long_row), InternalError);
  EXPECT_THROW(gated_residual(short_tokens, long_row, long_tokens), InternalError);
  EXPECT_THROW(attention(long_tokens, short_tokens, long_tokens, 3), InternalError);
}

}  // namespace
}  // namespace emf
