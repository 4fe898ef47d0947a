// SPDX-License-Identifier: Apache-2.0
// Every way to du/dt gives the same derivative, and an objective's training goes the same way with any of them.
#include "harness/objectives/tangent.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/objective.h"
#include "harness/base/error.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kRows = 5, kMoving = 3, kText = 3, kDimension = 8;

class TangentWays : public testing::Test {
 protected:
  void SetUp() override { make(at::kDouble); }

  void make(at::ScalarType type) {
    at::set_num_threads(1);
    const Options options(Json{{"width", 32}, {"depth", 2}, {"heads", 2}}, "test");
    model_ = ModelRegistry::instance().make("dit", options, {{2, 2, 2, kDimension}, 1, {{"v"}, {"guidance"}}, {}});
    at::manual_seed(3);
    for (const auto& [name, parameter] : model_->parameters()) {
      const at::NoGradGuard no_grad;
      if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.3);
      parameter.set_data(parameter.detach().to(type));
    }
    const auto options_of = at::dtype(type);
    const at::Tensor t = at::rand({kRows}, options_of), ones = at::ones({kMoving}, options_of);
    inputs_ = {{at::randn({kRows, 2, 2, 2}, options_of), at::randn({kMoving, 2, 2, 2}, options_of)},
               {t, ones},
               {t * 0.6, ones},
               {at::randn({kRows, kText, kDimension}, options_of), at::ones({kRows, kText}, at::kBool)},
               {{"guidance", at::rand({kRows}, options_of)}}};
  }

  ModelOutputs by(TangentWay way, double step = 5e-3) const {
    return forward_with_tangent(*model_, inputs_, {way, step});
  }

  void expect_same(TangentWay way, double tolerance, double step = 5e-3) const {
    SCOPED_TRACE(tangent_ways().at(static_cast<size_t>(way)));
    const ModelOutputs dual = by(TangentWay::kDual), other = by(way, step);
    for (const auto& [ours, reference] :
         {std::pair(other.u, dual.u), std::pair(other.heads.at("v"), dual.heads.at("v"))}) {
      EXPECT_TRUE(ours.value.equal(reference.value));
      EXPECT_TRUE(ours.value.requires_grad());
      ASSERT_EQ(ours.tangent.sizes(), reference.tangent.sizes());
      EXPECT_FALSE(ours.tangent.requires_grad());
      EXPECT_LT(relative_error(ours.tangent, reference.tangent), tolerance);
    }
  }

  std::unique_ptr<Model> model_;
  ModelInputs inputs_;
};

TEST_F(TangentWays, AgreeInDouble) {
  expect_same(TangentWay::kForwardAd, 1e-12);
  expect_same(TangentWay::kDoubleBackward, 1e-10);
  expect_same(TangentWay::kFiniteDifference, 1e-5, 1e-4);
  EXPECT_GT(relative_error(by(TangentWay::kFiniteDifference, 0.1).u.tangent, by(TangentWay::kDual).u.tangent), 1e-5)
      << "a long step is no derivative";
}

TEST_F(TangentWays, AgreeInSinglePrecision) {
  make(at::kFloat);
  // The network's kernels answer for values and duals, ATen's operations for the exact ways.
  const ModelOutputs dual = by(TangentWay::kDual);
  for (const TangentWay way : {TangentWay::kForwardAd, TangentWay::kDoubleBackward}) {
    EXPECT_LT(relative_error(by(way).u.tangent, dual.u.tangent), 1e-4);
  }
  EXPECT_LT(relative_error(by(TangentWay::kFiniteDifference).u.tangent, dual.u.tangent), 1e-2);
}

TEST_F(TangentWays, NothingMoves) {
  for (Dual* input : {&inputs_.z, &inputs_.t, &inputs_.interval}) input->tangent = at::Tensor();
  EXPECT_FALSE(by(TangentWay::kForwardAd).u.has_tangent());
}

TEST_F(TangentWays, RefuseTangentsOfDifferentRows) {
  inputs_.t.tangent = at::ones({kMoving - 1}, at::kDouble);
  EXPECT_THROW(by(TangentWay::kForwardAd), InternalError);
}

TEST(TangentOption, ChangesTheFingerprintOnlyWhereItIsSaid) {
  for (const char* name : {"mean_flow", "improved_mean_flow"}) {
    const auto made = [&](const Json& options) {
      return ObjectiveRegistry::instance().make(name, Options(options, "test"), ObjectiveContext{});
    };
    const Json plain = made(Json::object())->fingerprint();
    EXPECT_FALSE(plain.contains("tangent"));
    EXPECT_EQ(made({{"tangent", "dual"}})->fingerprint(), plain);
    EXPECT_NE(made({{"tangent", "forward_ad"}})->fingerprint(), plain);
    EXPECT_NE(made({{"tangent", "finite_difference"}})->fingerprint(),
              made({{"tangent", "finite_difference"}, {"difference_step", 0.01}})->fingerprint());
    EXPECT_GT(made({{"tangent", "forward_ad"}})->forwards_per_picture(0.5),
              made(Json::object())->forwards_per_picture(0.5));
    EXPECT_THROW(made({{"tangent", "jvp"}}), UserError);
  }
}

}  // namespace
}  // namespace emf
