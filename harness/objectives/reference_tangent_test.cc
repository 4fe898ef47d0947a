// SPDX-License-Identifier: Apache-2.0
// The reference of du/dt agrees with the layers' own tangents, and its gradient with finite differences.
#include "harness/objectives/reference_tangent.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kRows = 4, kMoving = 3, kText = 3, kDimension = 8;

class ReferenceTangent : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    const Options options(Json{{"width", 16}, {"depth", 2}, {"heads", 2}}, "test");
    model_ = ModelRegistry::instance().make("dit", options, {{2, 2, 2, kDimension}, 1, {{"v"}, {}}, {}});
    at::manual_seed(3);
    for (const auto& [name, parameter] : model_->parameters()) {
      const at::NoGradGuard no_grad;
      if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.3);
      parameter.set_data(parameter.detach().to(at::kDouble));
    }
    const at::Tensor t = at::rand({kRows}, at::kDouble), ones = at::ones({kMoving}, at::kDouble);
    inputs_ = {{at::randn({kRows, 2, 2, 2}, at::kDouble), at::randn({kMoving, 2, 2, 2}, at::kDouble)},
               {t, ones},
               {t * 0.6, ones},
               {at::randn({kRows, kText, kDimension}, at::kDouble), at::ones({kRows, kText}, at::kBool)},
               {}};
  }

  std::unique_ptr<Model> model_;
  ModelInputs inputs_;
};

TEST_F(ReferenceTangent, EqualsTheLayersOwn) {
  const ModelOutputs own = model_->forward(inputs_);
  const GraphedTangents reference = reference_tangents(*model_, inputs_);
  EXPECT_EQ(reference.u_tangent.size(0), kMoving);
  EXPECT_LT(relative_error(reference.u, own.u.value), 1e-12);
  EXPECT_LT(relative_error(reference.u_tangent, own.u.tangent), 1e-10);
  EXPECT_LT(relative_error(reference.heads_tangent.at("v"), own.heads.at("v").tangent), 1e-10);
  EXPECT_TRUE(reference.u_tangent.requires_grad());
  EXPECT_FALSE(own.u.tangent.requires_grad());
}

TEST_F(ReferenceTangent, WithoutSecondTimeInput) {
  inputs_.interval = {};
  EXPECT_LT(relative_error(reference_tangents(*model_, inputs_).u_tangent, model_->forward(inputs_).u.tangent), 1e-10);
}

TEST_F(ReferenceTangent, GradientThroughItAgreesWithFiniteDifferences) {
  const at::Tensor weights = at::randn({kMoving, 2, 2, 2}, at::kDouble);
  const auto value = [&] { return (model_->forward(inputs_).u.tangent * weights).sum().item<double>(); };
  clear_gradients(model_->parameters());
  (reference_tangents(*model_, inputs_).u_tangent * weights).sum().backward();
  // A leaf that du/dt does not see (the head's, a last bias) has the gradient zero both ways.
  int checked = 0;
  for (const auto& [name, parameter] : model_->parameters()) {
    const at::NoGradGuard no_grad;
    const at::Tensor direction = at::randn_like(parameter), start = parameter.clone();
    const double expected = parameter.grad().defined() ? (parameter.grad() * direction).sum().item<double>() : 0,
                 step = 1e-5;
    parameter.copy_(start + step * direction);
    const double above = value();
    parameter.copy_(start - step * direction);
    const double below = value();
    parameter.copy_(start);
    const double difference = (above - below) / (2 * step);
    EXPECT_NEAR(difference, expected, 1e-6 * std::max(1.0, std::abs(expected))) << name;
    checked += std::abs(expected) > 1e-3;
  }
  EXPECT_GT(checked, 20);
}

TEST_F(ReferenceTangent, KeepsTheHistoryOfWhereItStands) {
  const at::Tensor scale = at::ones({}, at::kDouble).set_requires_grad(true);
  inputs_.z.value = inputs_.z.value * scale;
  reference_tangents(*model_, inputs_).u_tangent.square().sum().backward();
  EXPECT_GT(std::abs(scale.grad().item<double>()), 1e-6);
}

TEST_F(ReferenceTangent, AsksForADirection) {
  for (Dual* input : {&inputs_.z, &inputs_.t, &inputs_.interval}) input->tangent = at::Tensor();
  EXPECT_THROW(reference_tangents(*model_, inputs_), InternalError);
}

}  // namespace
}  // namespace emf
