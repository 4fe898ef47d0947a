// SPDX-License-Identifier: Apache-2.0
// What every registered model must hold to; a new one is tested by being registered.
#include "harness/api/model.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/contract/options_walk.h"
#include "tests/oracle/forward_mode.h"
#include "tests/small_model.h"

namespace emf {
namespace {

constexpr int64_t kRows = 4, kText = 5, kDimension = 12;
const ModelShape kShape{4, 4, 4, kDimension};

class ModelContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    model_ = make();
    at::manual_seed(5);
    z_ = at::randn({kRows, 4, 4, 4});
    direction_ = at::randn_like(z_);
    t_ = at::rand({kRows}) * 0.5 + 0.4;
    interval_ = t_ * at::rand({kRows});
    condition_ = {at::randn({kRows, kText, kDimension}), at::rand({kRows, kText}) < 0.6};
    condition_.mask.select(1, 0).fill_(true);
  }

  static std::unique_ptr<Model> make(uint64_t seed = 1, const ModelDemands& demands = {},
                                     const Json& options = Json::object()) {
    return ModelRegistry::instance().make(GetParam(), Options(options, "model options"), {kShape, seed, demands, {}});
  }

  ModelInputs values() const { return {{z_, {}}, {t_, {}}, {interval_, {}}, condition_, {}}; }

  /// The first `rows` rows move along (direction, 1, 1).
  ModelInputs moving(int64_t rows) const {
    const at::Tensor ones = at::ones({rows});
    return {{z_, direction_.narrow(0, 0, rows)}, {t_, ones}, {interval_, ones}, condition_, {}};
  }

  std::unique_ptr<Model> model_;
  at::Tensor z_, direction_, t_, interval_;
  Condition condition_;
};

TEST_P(ModelContract, ParametersAreAFunctionOfSeedAndName) {
  const auto again = make(), other = make(2);
  ASSERT_FALSE(model_->parameters().empty());
  ASSERT_EQ(again->parameters().size(), model_->parameters().size());
  std::set<std::string> names;
  bool differs = false;
  for (size_t i = 0; i < again->parameters().size(); ++i) {
    const auto& [name, value] = model_->parameters()[i];
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_TRUE(value.requires_grad() && value.is_leaf()) << name;
    EXPECT_EQ(name, again->parameters()[i].first);
    EXPECT_TRUE(at::equal(value, again->parameters()[i].second)) << name;
    differs = differs || !at::equal(value, other->parameters()[i].second);
  }
  EXPECT_TRUE(differs) << "the seed says nothing";
}

TEST_P(ModelContract, ForwardHasTheShapeOfZ) {
  redraw_zeros(*model_);
  const Dual u = model_->forward(values()).u;
  EXPECT_EQ(u.value.sizes(), z_.sizes());
  EXPECT_FALSE(u.has_tangent());
  EXPECT_TRUE(at::isfinite(u.value).all().item<bool>());
  EXPECT_TRUE(u.value.requires_grad());
  EXPECT_TRUE(at::equal(model_->forward(values()).u.value, u.value));
  const Dual without_interval = model_->forward({{z_, {}}, {t_, {}}, {}, condition_, {}}).u;
  EXPECT_EQ(without_interval.value.sizes(), z_.sizes());
  EXPECT_GT(model_->forward_flops_per_row(kText), 0);
}

TEST_P(ModelContract, TangentEqualsFiniteDifferences) {
  redraw_zeros(*model_);
  const Dual u = model_->forward(moving(kRows)).u;
  ASSERT_TRUE(u.has_tangent());
  EXPECT_FALSE(u.tangent.requires_grad());
  // In double precision, so that the step can be small enough for its own error not to show.
  for (const auto& [name, parameter] : model_->parameters()) parameter.set_data(parameter.detach().to(at::kDouble));
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  const auto value_at = [&](double step) {
    const Condition condition{condition_.tokens.to(at::kDouble), condition_.mask};
    const at::Tensor z = z_.to(at::kDouble) + step * direction_.to(at::kDouble);
    const ModelInputs inputs{
        {z, {}}, {t_.to(at::kDouble) + step, {}}, {interval_.to(at::kDouble) + step, {}}, condition, {}};
    return model_->forward(inputs).u.value;
  };
  const at::Tensor expected = (value_at(kStep) - value_at(-kStep)) / (2 * kStep);
  EXPECT_GT(expected.norm().item<double>(), 0.1 * u.value.norm().item<double>()) << "else the test says nothing";
  EXPECT_LT(relative_error(u.tangent, expected), 1e-4);
}

TEST_P(ModelContract, TangentOfTheFirstRowsEqualsTheFullTangent) {
  redraw_zeros(*model_);
  const Dual all = model_->forward(moving(kRows)).u, some = model_->forward(moving(2)).u;
  ASSERT_EQ(some.tangent_rows(), 2);
  EXPECT_LT(relative_error(some.tangent, all.tangent.narrow(0, 0, 2)), 1e-5);
}

TEST_P(ModelContract, MaskedTextDoesNotMatterAndTextDoes) {
  redraw_zeros(*model_);
  const at::Tensor u = model_->forward(values()).u.value;
  Condition changed = condition_;
  changed.tokens = condition_.tokens.masked_fill(condition_.mask.logical_not().unsqueeze(-1), 9.0);
  EXPECT_LT(relative_error(model_->forward({{z_, {}}, {t_, {}}, {interval_, {}}, changed, {}}).u.value, u), 1e-5);
  changed.tokens = condition_.tokens.flip(0);
  EXPECT_GT(relative_error(model_->forward({{z_, {}}, {t_, {}}, {interval_, {}}, changed, {}}).u.value, u), 1e-5);
}

TEST_P(ModelContract, FingerprintNamesItAndHoldsItsOptions) {
  EXPECT_EQ(model_->fingerprint().at("name"), GetParam());
  EXPECT_EQ(make()->fingerprint(), model_->fingerprint());
  expect_options_in_fingerprint(model_->fingerprint(),
                                [](const Json& options) { return make(1, {}, options)->fingerprint(); });
}

TEST_P(ModelContract, UnknownOptionIsNamed) {
  expect_unknown_option_named([](const Json& options) { make(1, {}, options); });
}

TEST_P(ModelContract, RefusesWhatItDoesNotOffer) {
  EXPECT_THROW(make(1, {{"no_such_head"}, {}}), UserError);
  EXPECT_THROW(make(1, {{}, {"no_such_scalar"}}), UserError);
}

/// A second time input bears these names, which objectives that start from another rely on.
TEST_P(ModelContract, TimeInputsAreNamedInPairs) {
  std::map<std::string, at::Tensor> leaves(model_->parameters().begin(), model_->parameters().end());
  for (const auto& [name, leaf] : leaves) {
    if (name.rfind("phi_interval.", 0) != 0) continue;
    const auto other = leaves.find("phi_end." + name.substr(13));
    ASSERT_NE(other, leaves.end()) << name;
    EXPECT_EQ(other->second.sizes(), leaf.sizes()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, ModelContract, testing::ValuesIn(ModelRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
