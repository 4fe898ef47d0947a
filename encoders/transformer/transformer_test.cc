// SPDX-License-Identifier: Apache-2.0
// What the shared transformer must do whatever its weights are.
#include "encoders/transformer/transformer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

/// A small decoder with random weights: 4 heads on 2 key-value heads.
/// @param positions  false: no rotary angles, so that a place is as good as another.
Transformer small_transformer(at::ScalarType type = at::kFloat, int64_t layers = 3, bool positions = true) {
  TransformerConfig config;
  config.num_layers = layers;
  config.hidden = 32;
  config.mlp = 48;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_size = 8;
  config.vocabulary = 50;
  config.context = 64;
  const auto draw = [](const std::string& name, at::IntArrayRef shape) { return normal_named(1, name, shape) * 0.2; };
  const auto matrix = [&](const std::string& name, at::IntArrayRef shape) { return draw(name, shape).to(type); };
  config.rotary = {1.0, 0.1, 0.01, 0.001};
  if (!positions) config.rotary = {0, 0, 0, 0};
  TransformerWeights weights;
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = std::to_string(i);
    TransformerLayer layer;
    layer.attention_norm.weight = draw(prefix + "n1", {32}) + 1;
    layer.query_key_value.weight = matrix(prefix + "qkv", {64, 32});
    layer.attention_out.weight = matrix(prefix + "o", {32, 32});
    layer.mlp_norm.weight = draw(prefix + "n2", {32}) + 1;
    layer.up.weight = matrix(prefix + "gu", {96, 32});
    layer.down.weight = matrix(prefix + "d", {32, 48});
    weights.layers.push_back(layer);
  }
  weights.final_norm.weight = draw("n", {32}) + 1;
  weights.table = draw("table", {50, 32});
  return Transformer(config, std::move(weights));
}

TokenInputs inputs_of(const std::vector<std::vector<int64_t>>& rows) { return padded_inputs(rows, 64); }

TEST(Transformer, PaddingAndCompanyChangeNothing) {
  const Transformer transformer = small_transformer();
  const std::vector<std::vector<int64_t>> rows = {{1, 2, 3}, {4, 5, 6, 7, 8, 9, 10}, {11}};
  const TextFeatures together = transformer.forward(inputs_of(rows));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto length = static_cast<int64_t>(rows[i].size());
    const at::Tensor alone = transformer.forward(inputs_of({rows[i]})).tokens[0];
    const at::Tensor row = together.tokens[static_cast<int64_t>(i)];
    EXPECT_LT((row.narrow(0, 0, length) - alone).abs().max().item<float>(), 1e-5);
    EXPECT_EQ(row.narrow(0, length, 7 - length).abs().sum().item<float>(), 0);
  }
}

// In bfloat16 the number of tokens is rounded up, by tokens that must not show.
TEST(Transformer, BatchesOfAnySizeAgreeWithFloat32InBfloat16) {
  const Transformer transformer = small_transformer(), rounded = small_transformer(at::kBFloat16);
  for (const std::vector<std::vector<int64_t>>& rows : {std::vector<std::vector<int64_t>>{{7}},
                                                        {{1, 2, 3}, {4, 5, 6, 7, 8, 9, 10}, {11}},
                                                        {64, std::vector<int64_t>{3, 4}},
                                                        {65, std::vector<int64_t>{5}}}) {
    const at::Tensor expected = transformer.forward(inputs_of(rows)).tokens,
                     found = rounded.forward(inputs_of(rows)).tokens;
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT((found - expected).norm().item<float>(), 0.02 * expected.norm().item<float>()) << rows.size() << " rows";
  }
}

TEST(Transformer, MaskedTokensAreAsIfAbsent) {
  const Transformer transformer = small_transformer();
  TokenInputs inputs = inputs_of({{9, 1, 2, 9, 3}});
  inputs.mask[0][0] = false;
  inputs.mask[0][3] = false;
  const TextFeatures holes = transformer.forward(inputs);
  const at::Tensor expected = transformer.forward(inputs_of({{1, 2, 3}})).tokens[0];
  EXPECT_LT((holes.tokens[0].index({inputs.mask[0]}) - expected).abs().max().item<float>(), 1e-6);
}

TEST(Transformer, EarlierTokensDoNotSeeLaterOnes) {
  const Transformer transformer = small_transformer();
  const at::Tensor a = transformer.forward(inputs_of({{1, 2, 3, 4}})).tokens[0];
  const at::Tensor b = transformer.forward(inputs_of({{1, 2, 3, 5}})).tokens[0];
  EXPECT_TRUE(at::equal(a.narrow(0, 0, 3), b.narrow(0, 0, 3)));
  EXPECT_GT((a[3] - b[3]).abs().max().item<float>(), 1e-2);
}

// One block: what the last token sees of the two before it is a sum, in which only the rotary angles tell places apart.
TEST(Transformer, OrderMattersByTheRotaryAnglesAlone) {
  const auto difference = [](const Transformer& transformer) {
    const at::Tensor a = transformer.forward(inputs_of({{1, 2, 3}})).tokens[0][2];
    const at::Tensor b = transformer.forward(inputs_of({{2, 1, 3}})).tokens[0][2];
    return (a - b).abs().max().item<float>();
  };
  EXPECT_GT(difference(small_transformer(at::kFloat, 1)), 1e-3);
  EXPECT_LT(difference(small_transformer(at::kFloat, 1, /*positions=*/false)), 1e-6);
}

TEST(Transformer, TooLongOrTooDeepIsRefused) {
  const Transformer transformer = small_transformer();
  EXPECT_THROW(transformer.forward(inputs_of({{1}}), 4), InternalError);
  TokenInputs inputs{at::ones({1, 65}, at::kLong), at::ones({1, 65}, at::kBool)};
  EXPECT_THROW(transformer.forward(inputs), InternalError);
}

}  // namespace
}  // namespace emf
