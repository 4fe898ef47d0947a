// The whole network's du/dt against forward-mode AD in fp64, and its behaviour towards masks, rows and starting values.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/model.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kRows = 16, kText = 6, kDimension = 20;
const ModelShape kShape{8, 4, 4, kDimension};

std::unique_ptr<Model> make_model(uint64_t seed = 1) {
  const Config config = parse_config("[model]\nwidth = 64\ndepth = 3\nheads = 4\n", "test");
  return ModelRegistry::instance().make("dit", config, kShape, seed);
}

/// Redraws tensors that start at zero with deviation .05: at zero they would hide every error behind them.
void redraw_zeros(Model& model) {
  at::manual_seed(11);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : model.parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.05);
  }
}

struct Inputs {
  at::Tensor z, t, interval, v, text, mask;
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

TEST(Dit, DuDtAgreesWithForwardModeInDoublePrecision) {
  const auto model = make_model();
  redraw_zeros(*model);
  const Inputs in = make_inputs();
  const at::Tensor ones = at::ones({kRows}, at::kDouble);

  const Condition condition{in.text.to(at::kFloat), in.mask};
  const auto single = [](const at::Tensor& x) { return x.to(at::kFloat); };
  const Dual out = model->forward({single(in.z), single(in.v)}, {single(in.t), single(ones)},
                                  {single(in.interval), single(ones)}, condition);

  for (const auto& [name, parameter] : model->parameters()) parameter.set_data(parameter.detach().to(at::kDouble));
  const at::Tensor expected = forward_mode_tangent(
      [&](const std::vector<at::Tensor>& x) {
        return model->forward({x[0], {}}, {x[1], {}}, {x[2], {}}, {in.text, in.mask}).value;
      },
      {in.z, in.t, in.interval}, {in.v, ones, ones});
  const at::Tensor u = model->forward({in.z, {}}, {in.t, {}}, {in.interval, {}}, {in.text, in.mask}).value;

  const double error = relative_error(out.tangent, expected), size = expected.norm().item<double>(),
               u_size = u.norm().item<double>();
  RecordProperty("relative_error", std::to_string(error));
  std::printf("||du/dt|| = %.4f, ||u|| = %.4f, relative error %.3g\n", size, u_size, error);
  EXPECT_GT(size, 0.1 * u_size);  // else the test would say nothing
  EXPECT_LT(error, 1e-5);
  EXPECT_LT(relative_error(out.value, u), 1e-5);
}

TEST(Dit, TangentOfTheFirstRowsEqualsTheFullTangent) {
  const auto model = make_model();
  redraw_zeros(*model);
  const Inputs in = make_inputs();
  const Condition condition{in.text.to(at::kFloat), in.mask};
  const auto run = [&](int64_t rows) {
    const at::Tensor ones = at::ones({rows});
    return model->forward({in.z.to(at::kFloat), in.v.narrow(0, 0, rows).to(at::kFloat)}, {in.t.to(at::kFloat), ones},
                          {in.interval.to(at::kFloat), ones}, condition);
  };
  const Dual all = run(kRows), some = run(5);
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
    return model->forward({in.z.to(at::kFloat), {}}, {in.t.to(at::kFloat), {}}, {}, {text.to(at::kFloat), in.mask})
        .value;
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

TEST(Dit, RefusesAWidthThatDoesNotSplit) {
  const Config config = parse_config("[model]\nwidth = 70\n", "suite.toml");
  EXPECT_THROW(ModelRegistry::instance().make("dit", config, kShape, 1), UserError);
}

}  // namespace
}  // namespace emf
