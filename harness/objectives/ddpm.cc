// SPDX-License-Identifier: Apache-2.0
// Diffusion: a variance-preserving cosine schedule, v- or eps-prediction, DDIM sampling.
//
//   z_t = alpha x + sigma eps,  alpha = cos(pi t / 2),  sigma = sin(pi t / 2),  v = alpha eps - sigma x.
//
// Source: Ho et al. 2020; Nichol & Dhariwal 2021 (cosine); Salimans & Ho 2022 (v); Song et al. 2021 (DDIM).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <numbers>

#include "harness/objectives/condition.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

class Ddpm : public Objective {
 public:
  explicit Ddpm(ConfigReader reader)
      : predicts_eps_(reader.choice("prediction", "v", {"v", "eps"}, "what the network foretells: velocity or noise") ==
                      "eps"),
        drop_(reader.number("drop", 0.1, 0, 1, "share of training rows whose text is dropped, for guidance")) {
    reader.finish();
  }

  Json fingerprint() const override {
    return {{"name", "ddpm"}, {"version", 1}, {"prediction", predicts_eps_ ? "eps" : "v"}, {"drop", drop_}};
  }

  Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double) const override {
    const at::Tensor t = uniform_rows(keys.seed, "objective/time", keys.samples);
    return {t, t, normal_rows(keys.seed, "objective/eps", keys.samples, latent_shape), draw_drop(keys, drop_)};
  }

  LossResult loss(const LossInputs& inputs) const override {
    const at::Tensor& x = inputs.x;
    const Draw& draw = inputs.draw;
    const at::Tensor angle = (draw.t * (std::numbers::pi / 2)).view({-1, 1, 1, 1});
    const at::Tensor alpha = angle.cos(), sigma = angle.sin();
    const at::Tensor z_t = alpha * x + sigma * draw.eps;
    const at::Tensor target = predicts_eps_ ? draw.eps : alpha * draw.eps - sigma * x;
    const Condition text = drop_text(inputs.condition, draw.drop);
    const at::Tensor output = inputs.model.forward({{z_t, {}}, {draw.t, {}}, {}, text, {}}).u.value;
    const at::Tensor loss = (output - target).square().mean();
    return {loss, {{"residual", loss}}};
  }

  bool is_mean_over_rows() const override { return true; }

  SamplerResult sample(const Model& model, const SamplerRequest& request) const override {
    const at::NoGradGuard no_grad;
    at::Tensor z = request.noise, x;
    const double steps = static_cast<double>(request.steps);
    // At t = 1 an eps-prediction says nothing of x (alpha = 0), so its grid starts just below.
    const double start = predicts_eps_ ? 0.999 : 1;
    for (int64_t i = request.steps; i > 0; --i) {
      const double t = start * static_cast<double>(i) / steps, s = start * static_cast<double>(i - 1) / steps;
      const double alpha = std::cos(t * std::numbers::pi / 2), sigma = std::sin(t * std::numbers::pi / 2);
      const at::Tensor output = guided(model, z, t, std::nullopt, request);
      const at::Tensor eps = predicts_eps_ ? output : sigma * z + alpha * output;
      x = predicts_eps_ ? (z - sigma * output) / alpha : alpha * z - sigma * output;
      z = std::cos(s * std::numbers::pi / 2) * x + std::sin(s * std::numbers::pi / 2) * eps;
    }
    return {x, request.steps * evaluations_per_step(request)};
  }

 private:
  bool predicts_eps_;
  double drop_;
};

EMF_REGISTER(ObjectiveRegistry, "ddpm", "Diffusion on a cosine schedule with DDIM sampling: the second baseline",
             [](const Options& options, const ObjectiveContext&) {
               return std::make_unique<Ddpm>(ConfigReader(options));
             },
             {.title = "Diffusion", .color = "#009e73", .dash = {2, 2}, .mark = "triangle-up"});

}  // namespace
}  // namespace emf
