// SPDX-License-Identifier: Apache-2.0
// What every registered objective must hold to; a new one is tested by being registered.
#include "harness/api/objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>

#include "tests/contract/options_walk.h"
#include "tests/oracle/forward_mode.h"
#include "tests/small_model.h"

namespace emf {
namespace {

constexpr int64_t kText = 3, kDimension = 12;
const std::vector<int64_t> kLatent = {4, 2, 2};

std::unique_ptr<Objective> make_objective(const std::string& name, const Json& options = Json::object()) {
  return ObjectiveRegistry::instance().make(name, Options(options, "objective options"), {});
}

RowKeys keys_of(std::vector<uint64_t> samples) { return {31, std::move(samples)}; }

/// Every tensor that an objective draws, by name.
std::map<std::string, at::Tensor> tensors_of(const Draw& draw) {
  std::map<std::string, at::Tensor> tensors = draw.extras;
  tensors.insert({{"t", draw.t}, {"r", draw.r}, {"eps", draw.eps}, {"drop", draw.drop}});
  return tensors;
}

/// Every option of the shipped objectives, moved. An option that no fingerprint tells would let a suite read the
/// results of another.
const std::map<std::string, Json>& moved_options() {
  static const std::map<std::string, Json> moves = {{"flow_matching", {{"drop", 0.2}}},
                                                    {"ddpm", {{"drop", 0.2}, {"prediction", "eps"}}},
                                                    {"mean_flow",
                                                     {{"drop", 0.2},
                                                      {"start", "scratch"},
                                                      {"start_share", 0.25},
                                                      {"mu_start", 0},
                                                      {"mu_end", 0},
                                                      {"sigma_start", 2},
                                                      {"sigma_end", 3},
                                                      {"ratio_start", 0.5},
                                                      {"ratio_end", 0.5},
                                                      {"schedule", "cosine"},
                                                      {"interval_start", "duplicate"},
                                                      {"weight_power", 0.5},
                                                      {"weight_floor", 0.1}}},
                                                    {"improved_mean_flow",
                                                     {{"drop", 0.2},
                                                      {"start", "flow_matching"},
                                                      {"mu", 0},
                                                      {"sigma", 2},
                                                      {"ratio", 0.25},
                                                      {"weight_power", 0.5},
                                                      {"weight_floor", 0.1},
                                                      {"guidance", "none"},
                                                      {"most_guidance", 4},
                                                      {"guidance_beta", 0},
                                                      {"sample_from", 0.1},
                                                      {"sample_to", 0.9}}}};
  return moves;
}

class ObjectiveContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    objective_ = make_objective(GetParam());
    model_ = small_model(objective_->wants().demands);
    at::manual_seed(4);
    condition_ = {at::randn({6, kText, kDimension}), at::ones({6, kText}, at::kBool)};
    x_ = at::randn({6, 4, 2, 2});
  }

  /// @param draw  of `rows` samples from the first on.
  LossResult loss(const Draw& draw, int64_t first = 0, int64_t rows = 6) const {
    const at::Tensor x = x_.narrow(0, first, rows);
    const Condition condition{condition_.tokens.narrow(0, first, rows), condition_.mask.narrow(0, first, rows)};
    const Model* target = objective_->wants().target_decay ? model_.get() : nullptr;
    return objective_->loss({*model_, target, x, condition, draw, 0.5});
  }

  NamedParameters leaves() const {
    NamedParameters all = model_->parameters();
    for (const auto& leaf : objective_->parameters()) all.push_back(leaf);
    return all;
  }

  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Model> model_;
  Condition condition_;
  at::Tensor x_;
};

TEST_P(ObjectiveContract, FingerprintNamesItAndHoldsItsOptions) {
  EXPECT_EQ(objective_->fingerprint().at("name"), GetParam());
  EXPECT_EQ(make_objective(GetParam())->fingerprint(), objective_->fingerprint());
  const auto told_by = [](const Objective& objective) {
    return Json{{"training", objective.fingerprint()}, {"sampling", objective.sampling()}};
  };
  const auto fingerprint_of = [&](const Json& options) { return told_by(*make_objective(GetParam(), options)); };
  expect_options_in_fingerprint(objective_->fingerprint(),
                                [](const Json& options) { return make_objective(GetParam(), options)->fingerprint(); });
  if (const auto moves = moved_options().find(GetParam()); moves != moved_options().end()) {
    expect_each_in_fingerprint(told_by(*objective_), moves->second, fingerprint_of);
  }
}

TEST_P(ObjectiveContract, UnknownOptionIsNamed) {
  expect_unknown_option_named([](const Json& options) { make_objective(GetParam(), options); });
}

TEST_P(ObjectiveContract, DrawsAreKeyedBySampleNotByBatch) {
  const Draw together = objective_->draw(keys_of({5, 6, 7, 8}), kLatent, 0.3);
  const auto apart = tensors_of(objective_->draw(keys_of({8, 6}), kLatent, 0.3));
  for (const auto& [name, drawn] : tensors_of(together)) {
    EXPECT_EQ(drawn.size(0), 4) << name;
    EXPECT_TRUE(at::equal(drawn[3], apart.at(name)[0])) << name;
    EXPECT_TRUE(at::equal(drawn[1], apart.at(name)[1])) << name;
  }
  EXPECT_FALSE(at::equal(together.eps, objective_->draw({32, {5, 6, 7, 8}}, kLatent, 0.3).eps)) << "the seed says more";
  EXPECT_EQ(together.eps.sizes(), (std::vector<int64_t>{4, 4, 2, 2}));
  EXPECT_EQ(together.drop.scalar_type(), at::kBool);
  EXPECT_TRUE((together.r <= together.t).all().item<bool>());
  EXPECT_TRUE(((together.r >= 0) & (together.t <= 1)).all().item<bool>());
}

TEST_P(ObjectiveContract, LossAndGradientsAreFinite) {
  const LossResult result = loss(objective_->draw(keys_of({0, 1, 2, 3, 4, 5}), kLatent, 0.5));
  ASSERT_EQ(result.loss.numel(), 1);
  EXPECT_TRUE(std::isfinite(result.loss.item<double>()));
  for (const auto& [name, number] : result.numbers) EXPECT_TRUE(std::isfinite(number)) << name;
  result.loss.backward();
  double size = 0;
  for (const auto& [name, leaf] : leaves()) {
    if (!leaf.grad().defined()) continue;  // a second time input is none of flow matching's business
    EXPECT_TRUE(at::isfinite(leaf.grad()).all().item<bool>()) << name;
    size += leaf.grad().abs().sum().item<double>();
  }
  EXPECT_GT(size, 0);
}

TEST_P(ObjectiveContract, ResidualFallsWhenItIsTrained) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, leaf] : leaves()) tensors.push_back(leaf);
  torch::optim::Adam optimizer(tensors, torch::optim::AdamOptions(3e-3));
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    optimizer.zero_grad();
    const LossResult result = loss(objective_->draw(keys_of({0, 1, 2, 3, 4, 5}), kLatent, 0.5));
    result.loss.backward();
    optimizer.step();
    for (const auto& [name, number] : result.numbers) {
      if (name == "residual") (step == 0 ? first : last) = number;
    }
  }
  EXPECT_GT(first, 0) << "the event line wants a number called residual";
  EXPECT_LT(last, 0.8 * first);
}

TEST_P(ObjectiveContract, RowsHaveTheSameLossAloneAndTogether) {
  const at::NoGradGuard no_grad;
  double sum = 0;
  for (int64_t i = 0; i < 6; ++i) {
    sum += loss(objective_->draw(keys_of({static_cast<uint64_t>(i)}), kLatent, 0.5), i, 1).loss.item<double>();
  }
  const Draw whole = objective_->draw(keys_of({0, 1, 2, 3, 4, 5}), kLatent, 0.5);
  EXPECT_NEAR(loss(whole).loss.item<double>() / (sum / 6), 1, 1e-5);
}

TEST_P(ObjectiveContract, StartsAreWhatItCanDo) {
  const ObjectiveWants wants = objective_->wants();
  EXPECT_EQ(wants.starts_from.empty(), wants.start_share == 0);
  EXPECT_GE(objective_->forwards_per_picture(0.5), 3) << "forward and backward are three";
  if (wants.target_decay) {
    EXPECT_TRUE(0 <= *wants.target_decay && *wants.target_decay < 1) << *wants.target_decay;
  }
  if (wants.starts_from.empty()) return;
  EXPECT_TRUE(ObjectiveRegistry::instance().contains(wants.starts_from));
  EXPECT_TRUE(0 < wants.start_share && wants.start_share < 1) << wants.start_share;
  objective_->start(model_->parameters());
  for (const auto& [name, parameter] : model_->parameters()) {
    EXPECT_TRUE(at::isfinite(parameter).all().item<bool>()) << name << " after start()";
  }
}

TEST_P(ObjectiveContract, SamplingIsDeterministicAndCountsEvaluations) {
  SamplerRequest request{
      at::randn({6, 4, 2, 2}), condition_, {at::zeros({6, 1, kDimension}), at::ones({6, 1}, at::kBool)}, 3, 1};
  const SamplerResult plain = objective_->sample(*model_, request);
  EXPECT_EQ(plain.network_evaluations, 3);
  EXPECT_EQ(plain.x.sizes(), request.noise.sizes());
  EXPECT_TRUE(at::isfinite(plain.x).all().item<bool>());
  EXPECT_TRUE(at::equal(plain.x, objective_->sample(*model_, request).x));
  request.guidance = 2;
  const SamplerResult guided = objective_->sample(*model_, request);
  const std::vector<std::string> told = objective_->wants().demands.scalars;  // guidance as an input costs nothing
  const bool mixes = std::find(told.begin(), told.end(), "guidance") == told.end();
  EXPECT_EQ(guided.network_evaluations, mixes ? 6 : 3);
  EXPECT_GT(relative_error(guided.x, plain.x), 1e-4);
  EXPECT_FALSE(guided.x.requires_grad());
}

INSTANTIATE_TEST_SUITE_P(Registered, ObjectiveContract, testing::ValuesIn(ObjectiveRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
