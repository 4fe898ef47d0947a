// SPDX-License-Identifier: Apache-2.0
// The whole network's du/dt against forward-mode AD in fp64, and its behaviour towards masks, rows and starting values.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/model.h"
#include "tests/oracle/forward_mode.h"
#include "tests/small_model.h"

namespace emf {
namespace {

constexpr int64_t kRows = 16, kText = 6, kDimension = 20;
const ModelShape kShape{8, 4, 4, kDimension};

const ModelDemands kEverything{{"v"}, {"guidance", "guidance_from", "guidance_to"}};

std::unique_ptr<Model> make_model(uint64_t seed = 1, const ModelDemands& demands = {}) {
  const Options options(Json{{"width", 64}, {"depth", 3}, {"heads", 4}}, "test");
  return ModelRegistry::instance().make("dit", options, {kShape, seed, demands, {}});
}

struct Inputs {
  at::Tensor z, t, interval, v, text, mask;
  std::map<std::string, at::Tensor> scalars;
};

Inputs make_inputs() {
  at::manual_seed(5);
  Inputs in;
  in.z = at::randn({kRows, 8, 4, 4}, at::kDouble);
  in.v = at::randn_like(in.z);
  in.t = at::rand({kRows}, at::kDouble);
  in.interval = in.t * at::rand({kRows}, at::kDouble);
  in.text = at::randn({kRows, kText, kDimension}, at::kDouble);
  in.mask = at::rand({kRows, kText}) < 0.6;
  in.mask.select(1, 0).fill_(true);
  return in;
}

at::Tensor single(const at::Tensor& x) { return x.to(at::kFloat); }

/// Values alone, in the inputs' precision.
ModelInputs values_of(const Inputs& in) {
  return {{in.z, {}}, {in.t, {}}, {in.interval, {}}, {in.text, in.mask}, in.scalars};
}

/// Single precision; the first `rows` move along (v, 0, 1).
ModelInputs moving(const Inputs& in, int64_t rows) {
  const at::Tensor ones = at::ones({rows});
  ModelInputs inputs{{single(in.z), single(in.v).narrow(0, 0, rows)},
                     {single(in.t), ones},
                     {single(in.interval), ones},
                     {single(in.text), in.mask},
                     {}};
  for (const auto& [name, scalar] : in.scalars) inputs.scalars[name] = single(scalar);
  return inputs;
}

/// Every output's tangent and value in single precision against forward-mode AD in double precision.
void expect_exact(Model& model, const Inputs& in) {
  redraw_zeros(model);
  const auto all = [](const ModelOutputs& outputs) {
    std::map<std::string, Dual> named = outputs.heads;
    named["u"] = outputs.u;
    return named;
  };
  const std::map<std::string, Dual> ours = all(model.forward(moving(in, kRows)));
  for (const auto& [name, parameter] : model.parameters()) parameter.set_data(parameter.detach().to(at::kDouble));
  const at::Tensor ones = at::ones({kRows}, at::kDouble);
  for (const auto& [name, out] : ours) {
    const at::Tensor expected = forward_mode_tangent(
        [&, output = name](const std::vector<at::Tensor>& x) {
          Inputs at_place = in;
          at_place.z = x[0], at_place.t = x[1], at_place.interval = x[2];
          return all(model.forward(values_of(at_place))).at(output).value;
        },
        {in.z, in.t, in.interval}, {in.v, ones, ones});
    const at::Tensor value = all(model.forward(values_of(in))).at(name).value;
    const double error = relative_error(out.tangent, expected), size = expected.norm().item<double>(),
                 value_size = value.norm().item<double>();
    testing::Test::RecordProperty("relative_error_" + name, std::to_string(error));
    std::printf("%s: ||d/dt|| = %.4f, ||value|| = %.4f, relative error %.3g\n", name.c_str(), size, value_size, error);
    EXPECT_GT(size, 0.1 * value_size) << name;  // else the test would say nothing
    EXPECT_LT(error, 1e-6) << name;
    EXPECT_LT(relative_error(out.value, value), 1e-5) << name;
  }
}

TEST(Dit, DuDtAgreesWithForwardModeInDoublePrecision) { expect_exact(*make_model(), make_inputs()); }

TEST(Dit, HeadsAndScalarsAreAsExact) {
  Inputs in = make_inputs();
  for (const std::string& name : kEverything.scalars) in.scalars[name] = at::rand({kRows}, at::kDouble);
  expect_exact(*make_model(1, kEverything), in);
}

TEST(Dit, DemandsAddParametersAndChangeNoOther) {
  const auto plain = make_model(), more = make_model(1, kEverything);
  const size_t count = plain->parameters().size();
  ASSERT_GT(more->parameters().size(), count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(plain->parameters()[i].first, more->parameters()[i].first);
    EXPECT_TRUE(at::equal(plain->parameters()[i].second, more->parameters()[i].second));
  }
  for (size_t i = count; i < more->parameters().size(); ++i) {
    const std::string& name = more->parameters()[i].first;
    EXPECT_TRUE(name.rfind("head.v.", 0) == 0 || name.rfind("scalar.guidance", 0) == 0) << name;
  }
  EXPECT_NE(plain->fingerprint(), more->fingerprint());
  EXPECT_GT(more->forward_flops_per_row(kText), plain->forward_flops_per_row(kText));
}

TEST(Dit, ScalarsStartAsNone) {
  const auto model = make_model(1, {{}, {"guidance"}});
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model->parameters()) {
      if (name.rfind("scalar.", 0) != 0 && parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.05);
    }
  }
  Inputs in = make_inputs();
  const auto u = [&](double guidance) {
    in.scalars["guidance"] = at::full({kRows}, guidance, at::kDouble);
    return model->forward(moving(in, kRows)).u.value;
  };
  EXPECT_TRUE(at::equal(u(0.2), u(0.9)));
  redraw_zeros(*model);
  EXPECT_GT(relative_error(u(0.2), u(0.9)), 1e-4);
}

TEST(Dit, RefusesWhatItDoesNotOfferAndScalarsThatAreMissing) {
  EXPECT_THROW(make_model(1, {{"w"}, {}}), UserError);
  EXPECT_THROW(make_model(1, {{}, {"temperature"}}), UserError);
  EXPECT_THROW(make_model(1, {{}, {"guidance"}})->forward(moving(make_inputs(), kRows)), InternalError);
}

TEST(Dit, FingerprintHoldsEveryOption) {
  const Json plain = make_model()->fingerprint();
  EXPECT_EQ(plain.at("name"), "dit");
  for (const char* option : {"width", "depth", "heads", "mlp_ratio", "patch", "time_scale", "precision"}) {
    const Json other = {{"width", 32}, {"depth", 2},      {"heads", 2},         {"mlp_ratio", 2},
                        {"patch", 2},  {"time_scale", 8}, {"precision", "bf16"}};
    Json options = {{"width", 64}, {"depth", 3}, {"heads", 4}};
    options[option] = other.at(option);
    EXPECT_NE(ModelRegistry::instance().make("dit", Options(options, "test"), {kShape, 1, {}, {}})->fingerprint(),
              plain)
        << option;
  }
}

/// Times as they come (MeanFlow, EMF), at the default, and times a thousand (SANA, DiT, SD3.5).
TEST(Dit, DuDtInBfloat16KeepsTwoDigitsAtEveryScaleOfTime) {
  for (const double scale : {1.0, 16.0, 1000.0}) {
    Json options = {{"width", 64}, {"depth", 3}, {"heads", 4}, {"time_scale", scale}};
    const auto make = [&](const char* precision) {
      options["precision"] = precision;
      auto model = ModelRegistry::instance().make("dit", Options(options, "test"), {kShape, 1, {}, {}});
      redraw_zeros(*model);
      return model;
    };
    const Inputs in = make_inputs();
    const auto exact = make("fp32"), single = make("fp32"), bfloat16 = make("bf16");
    for (const auto& [name, parameter] : exact->parameters()) parameter.set_data(parameter.detach().to(at::kDouble));
    ModelInputs doubled = moving(in, kRows);
    for (Dual* dual : {&doubled.z, &doubled.t, &doubled.interval}) {
      dual->value = dual->value.to(at::kDouble), dual->tangent = dual->tangent.to(at::kDouble);
    }
    doubled.condition.tokens = doubled.condition.tokens.to(at::kDouble);
    const at::Tensor expected = exact->forward(doubled).u.tangent;
    const double in_single = relative_error(single->forward(moving(in, kRows)).u.tangent, expected),
                 in_bfloat16 = relative_error(bfloat16->forward(moving(in, kRows)).u.tangent, expected);
    std::printf("time scale %g: du/dt is off by %.2g in fp32, %.2g in bf16\n", scale, in_single, in_bfloat16);
    EXPECT_LT(in_single, 2e-5) << scale;
    EXPECT_LT(in_bfloat16, 0.02) << scale;
  }
}

TEST(Dit, AKeptTextIsMadeAnewWhenItOrAWeightChanges) {
  const auto model = make_model();
  redraw_zeros(*model);
  const Inputs in = make_inputs();
  const at::NoGradGuard no_grad;
  ModelInputs inputs = moving(in, kRows);
  const at::Tensor tokens = inputs.condition.tokens;
  const auto u = [&] { return model->forward(inputs).u.value; };
  // What a network gives that has kept nothing: a tensor that it has not seen.
  const auto afresh = [&] {
    ModelInputs other = inputs;
    other.condition.tokens = inputs.condition.tokens.clone();
    return model->forward(other).u.value;
  };
  const at::Tensor first = u();
  EXPECT_TRUE(u().equal(first));
  tokens.mul_(-1);
  EXPECT_FALSE(u().equal(first));
  EXPECT_TRUE(u().equal(afresh()));
  for (const auto& [name, parameter] : model->parameters()) {
    if (name != "block.1.text.kv.weight" && name != "text_in.0.bias") continue;
    const at::Tensor before = u();
    parameter.add_(0.1);
    EXPECT_FALSE(u().equal(before)) << name;
    EXPECT_TRUE(u().equal(afresh())) << name;
  }
}

TEST(Dit, TangentOfTheFirstRowsEqualsTheFullTangent) {
  const auto model = make_model();
  redraw_zeros(*model);
  const Inputs in = make_inputs();
  const Dual all = model->forward(moving(in, kRows)).u, some = model->forward(moving(in, 5)).u;
  EXPECT_EQ(some.tangent.size(0), 5);
  EXPECT_LT(relative_error(some.tangent, all.tangent.narrow(0, 0, 5)), 1e-6);
  EXPECT_TRUE(all.value.requires_grad());
  EXPECT_FALSE(all.tangent.requires_grad());
}

TEST(Dit, MaskedTextDoesNotMatter) {
  const auto model = make_model();
  redraw_zeros(*model);
  const Inputs in = make_inputs();
  const auto u = [&](const at::Tensor& text) {
    return model->forward({{single(in.z), {}}, {single(in.t), {}}, {}, {single(text), in.mask}, {}}).u.value;
  };
  const at::Tensor changed = in.text.masked_fill(in.mask.logical_not().unsqueeze(-1), 9.0);
  EXPECT_LT(relative_error(u(changed), u(in.text)), 1e-6);
  EXPECT_GT(relative_error(u(in.text.flip(0)), u(in.text)), 1e-4);
}

TEST(Dit, ParametersAreAFunctionOfSeedAndName) {
  const auto a = make_model(3), b = make_model(3), c = make_model(4);
  for (size_t i = 0; i < a->parameters().size(); ++i) {
    const auto& [name, value] = a->parameters()[i];
    EXPECT_EQ(name, b->parameters()[i].first);
    EXPECT_TRUE(at::equal(value, b->parameters()[i].second)) << name;
  }
  EXPECT_EQ(a->parameters().front().first, "patch_in.weight");
  EXPECT_FALSE(at::equal(a->parameters().front().second, c->parameters().front().second));
}

TEST(Dit, RefusesSizesThatDoNotSplit) {
  for (const char* table : {"[model]\nwidth = 70\n", "[model]\npatch = 3\n"}) {
    const Options options(parse_config(table, "suite.toml"), {"model"});
    EXPECT_THROW(ModelRegistry::instance().make("dit", options, {kShape, 1, {}, {}}), UserError) << table;
  }
}

}  // namespace
}  // namespace emf
