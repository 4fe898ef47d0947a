// SPDX-License-Identifier: Apache-2.0
// Condition dropout, guidance, and what is MeanFlow's own; what every objective promises stands in
// tests/contract/objective_contract_test.cc.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/objective.h"
#include "harness/objectives/condition.h"
#include "tests/oracle/forward_mode.h"
#include "tests/small_model.h"

namespace emf {
namespace {

constexpr int64_t kText = 3, kDimension = 12;

std::unique_ptr<Objective> make_objective(const std::string& name, const Json& options = {}) {
  return ObjectiveRegistry::instance().make(name, Options(options, "test"), {});
}

RowKeys keys_of(std::vector<uint64_t> samples) { return {31, std::move(samples)}; }

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
  const auto objective = make_objective("mean_flow");
  auto model = small_model();
  const at::NoGradGuard no_grad;
  at::manual_seed(9);
  const Condition text{at::randn({4, kText, kDimension}), at::ones({4, kText}, at::kBool)};
  const at::Tensor z = at::randn({4, 4, 2, 2}), t = at::rand({4});
  const at::Tensor before = model->forward({{z, {}}, {t, {}}, {}, text, {}}).u.value;
  objective->start(model->parameters());
  EXPECT_LT(relative_error(model->forward({{z, {}}, {t, {}}, {at::zeros({4}), {}}, text, {}}).u.value, before), 1e-6);
}

TEST(MeanFlow, DuplicatedStartCopiesEveryLayer) {
  auto model = small_model();
  make_objective("mean_flow", {{"interval_start", "duplicate"}})->start(model->parameters());
  const std::map<std::string, at::Tensor> leaves(model->parameters().begin(), model->parameters().end());
  for (const char* leaf : {"0.weight", "0.bias", "2.weight", "2.bias"}) {
    EXPECT_TRUE(at::equal(leaves.at(std::string("phi_interval.") + leaf), leaves.at(std::string("phi_end.") + leaf)));
  }
}

TEST(MeanFlow, StartSaysWhichParametersItMisses) {
  const auto objective = make_objective("mean_flow");
  const auto message = [&](const NamedParameters& model) -> std::string {
    try {
      objective->start(model);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  const at::Tensor leaf = at::zeros({2});
  EXPECT_EQ(message({{"layer.weight", leaf}}),
            "objective 'mean_flow' starts 'phi_interval.*' from 'phi_end.*', and this network has no parameters of "
            "these names");
  EXPECT_EQ(
      message({{"phi_interval.0.weight", leaf}}),
      "objective 'mean_flow' starts 'phi_interval.0.weight' from 'phi_end.0.weight', which this network does not have");
}

TEST(MeanFlow, WantsItsStartUnlessFromScratch) {
  const ObjectiveWants plain = make_objective("mean_flow")->wants();
  EXPECT_EQ(plain.starts_from, "flow_matching");
  EXPECT_EQ(plain.start_share, 0.5);
  EXPECT_EQ(make_objective("mean_flow", {{"start_share", 0.3}})->wants().start_share, 0.3);
  EXPECT_EQ(make_objective("mean_flow", {{"start", "scratch"}})->wants().starts_from, "");
  EXPECT_NE(make_objective("mean_flow", {{"start_share", 0.3}})->fingerprint(),
            make_objective("mean_flow")->fingerprint());
}

TEST(MeanFlow, ShareOfRowsApartFollowsTheSchedule) {
  const auto objective = make_objective("mean_flow");
  std::vector<uint64_t> samples(4000);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = i;
  for (const auto& [progress, expected] : {std::pair{0.0, 0.25}, {0.5, 0.5}, {0.999, 0.75}}) {
    const Draw draw = objective->draw(keys_of(samples), {1, 1, 1}, progress);
    EXPECT_NEAR((draw.t > draw.r).to(at::kFloat).mean().item<double>(), expected, 0.03);
  }
}

}  // namespace
}  // namespace emf
