// SPDX-License-Identifier: Apache-2.0
// AdamW equals LibTorch's, averages are unbiased, and a checkpoint may lack what is new.
#include "harness/engine/training/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include "harness/base/error.h"
#include "harness/engine/training/schedule.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

TEST(Optimizer, AverageIsBiasCorrected) {
  at::Tensor weight = at::full({3}, 2.0f).requires_grad_();
  Optimizer optimizer({{"w", weight}}, 0, 0, 0.9);
  for (int i = 0; i < 3; ++i) {
    weight.mutable_grad() = at::zeros({3});
    optimizer.step(0.1);
  }
  EXPECT_LT(relative_error(averaged_weights(optimizer.state()).at("w"), at::full({3}, 2.0)), 1e-6);
}

TEST(Optimizer, StepEqualsLibTorchsAdamW) {
  at::manual_seed(3);
  const at::Tensor start = at::randn({5, 4});
  at::Tensor ours = start.clone().requires_grad_(), theirs = start.clone().requires_grad_();
  Optimizer optimizer({{"w", ours}}, 0.01, 0, 0.9);
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(1e-2).betas({0.9, 0.99}).weight_decay(0.01));
  for (int i = 0; i < 20; ++i) {
    const at::Tensor target = at::randn({5, 4});
    reference.zero_grad();
    (ours - target).square().sum().backward();
    (theirs - target).square().sum().backward();
    optimizer.step(1e-2);
    reference.step();
  }
  EXPECT_LT(relative_error(ours.detach(), theirs.detach()), 1e-6);
}

/// Its message, or "".
std::string refusal(Optimizer& optimizer, const NamedTensors& state, const LoadOptions& options) {
  try {
    optimizer.load(state, options, "old.safetensors");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Optimizer, NewLeavesKeepTheirValuesWhereTheyMayBeAbsent) {
  const auto leaf = [](double value) { return at::full({2}, value, at::kFloat).requires_grad_(); };
  const NamedTensors old = Optimizer({{"trunk", leaf(1)}, {"encoder", leaf(2)}}, 0, 0, 0.9).state();
  const at::Tensor trunk = leaf(8), head = leaf(9);
  Optimizer grown({{"trunk", trunk}, {"head", head}}, 0, 0, 0.9);
  const auto is_head = [](const std::string& name) { return name == "head"; };
  EXPECT_EQ(grown.load(old, {true, is_head}, "old.safetensors"), std::vector<std::string>{"head"});
  EXPECT_EQ(trunk[0].item<float>(), 1);
  EXPECT_EQ(head[0].item<float>(), 9);

  EXPECT_EQ(refusal(grown, old, {true, {}}),
            "old.safetensors: checkpoint tensor 'weight.head' is missing; remove the run folder and start anew");
  EXPECT_EQ(refusal(grown, old, {true, [](const std::string&) { return false; }}), refusal(grown, old, {true, {}}));
  NamedTensors misshapen = old;
  misshapen["weight.head"] = at::zeros({3});
  EXPECT_EQ(
      refusal(grown, misshapen, {true, is_head}),
      "old.safetensors: checkpoint tensor 'weight.head' is of another shape; remove the run folder and start anew");
  Optimizer other({{"head", head}}, 0, 0, 0.9);
  EXPECT_EQ(refusal(other, old, {true, is_head}), "old.safetensors: it holds nothing of what is trained here");
  EXPECT_THROW(grown.load(old, {false, is_head}, "old.safetensors"), InternalError);
}

TEST(Schedule, WarmsUpThenFallsToItsFloor) {
  static_assert(1 - 0.05 == 0.95 && 1 - 0.01 == 0.99);  // the swing of each cosine, to the last bit
  const Schedule generator = generator_schedule(2, 0.1), instrument = instrument_schedule(2, 0.1);
  EXPECT_DOUBLE_EQ(generator.at(0), 2e-8);
  EXPECT_DOUBLE_EQ(instrument.at(0), 2e-3);
  EXPECT_DOUBLE_EQ(generator.at(0.05), 1 + 2e-8);
  EXPECT_DOUBLE_EQ(generator.at(0.1), 2);
  EXPECT_DOUBLE_EQ(generator.at(0.55), 2 * 0.525);
  EXPECT_NEAR(generator.at(1 - 1e-9), 0.1, 1e-9);
  EXPECT_NEAR(instrument.at(1 - 1e-9), 0.02, 1e-9);
  EXPECT_DOUBLE_EQ(generator_schedule(2, 0).at(0), 2);
}

}  // namespace
}  // namespace emf
