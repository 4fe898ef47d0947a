// What every objective promises: draws keyed by sample, finite losses, condition dropout, guidance, sampling cost.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include "harness/api/objective.h"
#include "harness/objectives/condition.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kText = 3, kDimension = 12;

std::unique_ptr<Model> small_model() {
  const Config config = parse_config("[model]\nwidth = 32\ndepth = 2\nheads = 2\n", "test");
  auto model = ModelRegistry::instance().make("dit", config, {4, 2, 2, kDimension}, 1);
  at::manual_seed(2);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : model->parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.05);
  }
  return model;
}

RowKeys keys_of(std::vector<uint64_t> samples) { return {31, std::move(samples)}; }

class EveryObjective : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    objective_ = ObjectiveRegistry::instance().make(GetParam(), parse_config("", "test"));
    at::manual_seed(4);
    condition_ = {at::randn({6, kText, kDimension}), at::ones({6, kText}, at::kBool)};
    x_ = at::randn({6, 4, 2, 2});
  }

  std::unique_ptr<Objective> objective_;
  Condition condition_;
  at::Tensor x_;
};

TEST_P(EveryObjective, DrawsAreKeyedBySampleNotByBatch) {
  const Draw together = objective_->draw(keys_of({5, 6, 7, 8}), {4, 2, 2}, 0.3);
  const Draw apart = objective_->draw(keys_of({8, 6}), {4, 2, 2}, 0.3);
  for (const auto& [a, b] : {std::pair{together.t, apart.t},
                             {together.r, apart.r},
                             {together.eps, apart.eps},
                             {together.drop, apart.drop}}) {
    EXPECT_TRUE(at::equal(a[3], b[0]));
    EXPECT_TRUE(at::equal(a[1], b[1]));
  }
  EXPECT_TRUE((together.r <= together.t).all().item<bool>());
  EXPECT_TRUE(((together.t >= 0) & (together.t <= 1)).all().item<bool>());
}

TEST_P(EveryObjective, LossIsFiniteAndTrains) {
  auto model = small_model();
  torch::optim::Adam optimizer(tensors_of(model->parameters()), torch::optim::AdamOptions(3e-3));
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    const Draw draw = objective_->draw(keys_of({0, 1, 2, 3, 4, 5}), {4, 2, 2}, 0.5);
    optimizer.zero_grad();
    const LossResult result = objective_->loss(*model, x_, condition_, draw);
    result.loss.backward();
    optimizer.step();
    for (const auto& [name, number] : result.numbers) {
      ASSERT_TRUE(std::isfinite(number)) << name;
      if (name == "residual") (step == 0 ? first : last) = number;
    }
  }
  EXPECT_LT(last, 0.8 * first);
}

TEST_P(EveryObjective, SamplingIsDeterministicAndCountsEvaluations) {
  auto model = small_model();
  SamplerRequest request{
      at::randn({6, 4, 2, 2}), condition_, {at::zeros({6, 1, kDimension}), at::ones({6, 1}, at::kBool)}, 3, 1};
  const SamplerResult plain = objective_->sample(*model, request);
  EXPECT_EQ(plain.network_evaluations, 3);
  EXPECT_TRUE(at::equal(plain.x, objective_->sample(*model, request).x));
  request.guidance = 2;
  const SamplerResult guided = objective_->sample(*model, request);
  EXPECT_EQ(guided.network_evaluations, 6);
  EXPECT_GT(relative_error(guided.x, plain.x), 1e-4);
  EXPECT_FALSE(guided.x.requires_grad());
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryObjective, testing::ValuesIn(ObjectiveRegistry::instance().names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(Condition, DroppedRowsBecomeOneZeroToken) {
  const Condition condition{at::ones({2, 3, 4}), at::tensor({0, 1, 1, 0, 1, 1}).to(at::kBool).view({2, 3})};
  const Condition dropped = drop_text(condition, at::tensor({1, 0}).to(at::kBool));
  EXPECT_EQ(dropped.tokens[0].abs().sum().item<double>(), 0);
  EXPECT_TRUE(at::equal(dropped.mask[0], at::tensor({1, 0, 0}).to(at::kBool)));
  EXPECT_TRUE(at::equal(dropped.mask[1], condition.mask[1]));
}

TEST(Guidance, OneBatchOfTwiceTheRowsEqualsTwoBatches) {
  auto model = small_model();
  const at::NoGradGuard no_grad;
  at::manual_seed(8);
  const Condition text{at::randn({4, kText, kDimension}), at::ones({4, kText}, at::kBool)};
  const Condition none{at::zeros({4, 1, kDimension}), at::ones({4, 1}, at::kBool)};
  const at::Tensor z = at::randn({4, 4, 2, 2});
  const at::Tensor with = guided(*model, z, 0.7, 0.2, {z, text, none, 1, 1}),
                   without = guided(*model, z, 0.7, 0.2, {z, none, none, 1, 1});
  EXPECT_LT(relative_error(guided(*model, z, 0.7, 0.2, {z, text, none, 1, 2.5}), without + 2.5 * (with - without)),
            1e-5);
}

TEST(MeanFlow, StartingFromFlowMatchingLeavesTheInstantaneousVelocityUnchanged) {
  auto model = small_model();
  const at::NoGradGuard no_grad;
  at::manual_seed(9);
  const Condition text{at::randn({4, kText, kDimension}), at::ones({4, kText}, at::kBool)};
  const at::Tensor z = at::randn({4, 4, 2, 2}), t = at::rand({4});
  const at::Tensor before = model->forward({z, {}}, {t, {}}, {}, text).value;
  model->start_intervals(false);
  EXPECT_LT(relative_error(model->forward({z, {}}, {t, {}}, {at::zeros({4}), {}}, text).value, before), 1e-6);
}

TEST(MeanFlow, ShareOfRowsApartFollowsTheSchedule) {
  const auto objective = ObjectiveRegistry::instance().make("mean_flow", parse_config("", "test"));
  std::vector<uint64_t> samples(4000);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = i;
  for (const auto& [progress, expected] : {std::pair{0.0, 0.25}, {0.5, 0.5}, {0.999, 0.75}}) {
    const Draw draw = objective->draw(keys_of(samples), {1, 1, 1}, progress);
    EXPECT_NEAR((draw.t > draw.r).to(at::kFloat).mean().item<double>(), expected, 0.03);
  }
}

}  // namespace
}  // namespace emf
