// SPDX-License-Identifier: Apache-2.0
// Improved MeanFlow's loss against its definition, a row at a time and by double backward; its draws; its way of
// sampling.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/api/objective.h"
#include "harness/objectives/condition.h"
#include "harness/objectives/reference_tangent.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kRows = 12, kText = 3, kDimension = 8;

std::unique_ptr<Objective> make(const Json& options = {}) {
  return ObjectiveRegistry::instance().make("improved_mean_flow", Options(options, "test"), {});
}

/// In double precision, its zeros redrawn.
std::unique_ptr<Model> make_model(const Objective& objective) {
  auto model = ModelRegistry::instance().make("dit", Options(Json{{"width", 16}, {"depth", 2}, {"heads", 2}}, "test"),
                                              {{2, 2, 2, kDimension}, 1, objective.wants().demands, {}});
  at::manual_seed(2);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : model->parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.2);
    parameter.set_data(parameter.detach().to(at::kDouble));
  }
  return model;
}

struct Batch {
  at::Tensor x;
  Condition condition;
  Draw draw;
};

Batch make_batch(const Objective& objective) {
  RowKeys keys{31, {}};
  for (uint64_t i = 0; i < kRows; ++i) keys.samples.push_back(i);
  at::manual_seed(4);
  Batch batch{at::randn({kRows, 2, 2, 2}, at::kDouble),
              {at::randn({kRows, kText, kDimension}, at::kDouble), at::ones({kRows, kText}, at::kBool)},
              objective.draw(keys, {2, 2, 2}, 0.5)};
  for (at::Tensor* tensor : {&batch.draw.t, &batch.draw.r, &batch.draw.eps}) *tensor = tensor->to(at::kDouble);
  for (auto& [name, extra] : batch.draw.extras) extra = extra.to(at::kDouble);
  return batch;
}

/// One row's loss as the paper and its code write it.
at::Tensor row_loss(const Model& model, const Batch& batch, int64_t i, bool guided) {
  const auto number = [&](const at::Tensor& rows) { return rows[i].item<double>(); };
  const auto one = [](double value) { return at::full({1}, value, at::kDouble); };
  const double t = number(batch.draw.t), r = number(batch.draw.r);
  const at::Tensor x = batch.x.narrow(0, i, 1), eps = batch.draw.eps.narrow(0, i, 1);
  const at::Tensor z_t = (1 - t) * x + t * eps, v = eps - x;
  const bool dropped = batch.draw.drop[i].item<bool>();
  const Condition none{at::zeros({1, 1, kDimension}, at::kDouble), at::ones({1, 1}, at::kBool)};
  const Condition text =
      dropped ? none : Condition{batch.condition.tokens.narrow(0, i, 1), batch.condition.mask.narrow(0, i, 1)};
  const auto told = [&](double omega, double from, double to) -> std::map<std::string, at::Tensor> {
    if (!guided) return {};
    return {{"guidance", one(1 - 1 / omega)}, {"guidance_from", one(from)}, {"guidance_to", one(to)}};
  };
  const auto v_head = [&](const Condition& condition, double omega) {
    return model.forward({{z_t, {}}, {one(t), {}}, {one(0), {}}, condition, told(omega, 0, 1)})
        .heads.at("v")
        .value.detach();
  };
  double omega = 1, from = 0, to = 1;
  if (guided) {
    omega = number(batch.draw.extras.at("omega"));
    from = number(batch.draw.extras.at("from"));
    to = number(batch.draw.extras.at("to"));
  }
  const double w = r < t && (t < from || t > to) ? 1 : omega;
  const at::Tensor v_c = v_head(text, w);
  const at::Tensor v_g = dropped || !guided ? v : v + (1 - 1 / w) * (v_c - v_head(none, 1));
  const GraphedTangents network =
      reference_tangents(model, {{z_t, v_c}, {one(t), one(1)}, {one(t - r), one(1)}, text, told(omega, from, to)});
  const at::Tensor V = network.u + (t - r) * network.u_tangent.detach();
  const auto weighted = [](const at::Tensor& square) { return square / (square.detach() + 0.01); };
  return weighted((V - v_g).square().sum()) + weighted((network.heads.at("v") - v_g).square().sum());
}

class ImprovedMeanFlowLoss : public testing::TestWithParam<std::string> {};

TEST_P(ImprovedMeanFlowLoss, EqualsItsDefinitionRowByRow) {
  const bool guided = GetParam() == "input";
  // Every kind of row: together and apart, with and without text, inside and outside the guided interval.
  const auto objective = make({{"guidance", GetParam()}, {"drop", 0.3}});
  const auto model = make_model(*objective);
  const Batch batch = make_batch(*objective);
  ASSERT_GT((batch.draw.t > batch.draw.r).sum().item<int64_t>(), 2);
  ASSERT_GT((batch.draw.t == batch.draw.r).sum().item<int64_t>(), 2);
  ASSERT_GT(batch.draw.drop.sum().item<int64_t>(), 0);
  if (guided) {
    const at::Tensor outside =
        (batch.draw.t < batch.draw.extras.at("from")) | (batch.draw.t > batch.draw.extras.at("to"));
    ASSERT_GT(outside.sum().item<int64_t>(), 0);
  }

  clear_gradients(model->parameters());
  const LossResult ours = objective->loss({*model, nullptr, batch.x, batch.condition, batch.draw, 0.5});
  ours.loss.backward();
  std::vector<at::Tensor> gradients;
  for (const auto& [name, leaf] : model->parameters()) {
    gradients.push_back(leaf.grad().defined() ? leaf.grad().clone() : at::zeros_like(leaf));
  }
  clear_gradients(model->parameters());
  at::Tensor expected = at::zeros({}, at::kDouble);
  for (int64_t i = 0; i < kRows; ++i) expected = expected + row_loss(*model, batch, i, guided) / kRows;
  expected.backward();
  EXPECT_NEAR(ours.loss.item<double>() / expected.item<double>(), 1, 1e-9);
  size_t place = 0;
  for (const auto& [name, leaf] : model->parameters()) {
    const at::Tensor reference = leaf.grad().defined() ? leaf.grad() : at::zeros_like(leaf);
    EXPECT_LT((gradients[place++] - reference).abs().max().item<double>(),
              1e-8 * std::max(1.0, reference.abs().max().item<double>()))
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Guidance, ImprovedMeanFlowLoss, testing::Values("input", "none"));

TEST(ImprovedMeanFlow, DrawsGuidanceByItsLaw) {
  RowKeys keys{5, {}};
  for (uint64_t i = 0; i < 4000; ++i) keys.samples.push_back(i);
  for (const auto& [beta, mean] : {std::pair{1.0, 7 / std::log(8.0)}, {0.0, 4.5}}) {
    const Draw draw = make({{"guidance_beta", beta}})->draw(keys, {1, 1, 1}, 0);
    const at::Tensor omega = draw.extras.at("omega"), together = draw.t == draw.r;
    EXPECT_GE(omega.min().item<double>(), 1);
    EXPECT_LE(omega.max().item<double>(), 8.0001);
    EXPECT_NEAR(omega.mean().item<double>(), mean, 0.1);
    EXPECT_EQ(draw.extras.at("from").masked_select(together).max().item<double>(), 0);
    EXPECT_EQ(draw.extras.at("to").masked_select(together).min().item<double>(), 1);
    EXPECT_NEAR(draw.extras.at("from").masked_select(together.logical_not()).mean().item<double>(), 0.25, 0.02);
    EXPECT_NEAR(draw.extras.at("to").masked_select(together.logical_not()).mean().item<double>(), 0.75, 0.02);
    EXPECT_NEAR(together.to(at::kFloat).mean().item<double>(), 0.5, 0.03);
    const at::Tensor dropped = draw.drop.masked_select(together);
    EXPECT_NEAR(dropped.to(at::kFloat).mean().item<double>(), 0.1, 0.02) << "independent of r = t";
  }
}

TEST(ImprovedMeanFlow, HeadStartsAsTheFlowMatchingOutput) {
  const auto objective = make({{"start", "flow_matching"}});
  const auto model = make_model(*objective);
  const Batch batch = make_batch(*objective);
  objective->start(model->parameters());
  const at::NoGradGuard no_grad;
  ModelInputs place{{batch.x, {}}, {batch.draw.t, {}}, {at::zeros_like(batch.draw.t), {}}, batch.condition, {}};
  for (const std::string& name : objective->wants().demands.scalars) place.scalars[name] = at::zeros_like(batch.draw.t);
  const ModelOutputs outputs = model->forward(place);
  EXPECT_LT(relative_error(outputs.heads.at("v").value, outputs.u.value), 1e-12);
  EXPECT_EQ(make()->wants().starts_from, "");
}

TEST(ImprovedMeanFlow, CostsWhatItSays) {
  EXPECT_DOUBLE_EQ(make()->forwards_per_picture(0), 5.5);
  EXPECT_DOUBLE_EQ(make({{"guidance", "none"}})->forwards_per_picture(0), 4);
}

TEST(ImprovedMeanFlow, SamplesAlongUToldOfGuidance) {
  const auto objective = make({{"sample_from", 0.2}, {"sample_to", 0.7}});
  const auto model = make_model(*objective);
  const Batch batch = make_batch(*objective);
  const at::NoGradGuard no_grad;
  const auto rows = [](double value) { return at::full({kRows}, value, at::kDouble); };
  at::Tensor z = batch.x;
  for (const double t : {1.0, 0.5}) {
    // Guidance 4 is told as 1 - 1/4.
    const ModelInputs place{{z, {}},
                            {rows(t), {}},
                            {rows(0.5), {}},
                            batch.condition,
                            {{"guidance", rows(0.75)}, {"guidance_from", rows(0.2)}, {"guidance_to", rows(0.7)}}};
    z = z - 0.5 * model->forward(place).u.value;
  }
  EXPECT_LT(relative_error(objective->sample(*model, {batch.x, batch.condition, {}, 2, 4}).x, z), 1e-12);
  EXPECT_EQ(objective->guidance_range(), (std::array<double, 2>{1, 8}));
}

}  // namespace
}  // namespace emf
