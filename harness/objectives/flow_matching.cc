// SPDX-License-Identifier: Apache-2.0
// Flow matching: the network learns the instantaneous velocity v = eps - x of z_t = (1 - t) x + t eps.
//
// Source: Lipman et al. 2023 / SiT's linear path; the many-step baseline and MeanFlow's pretraining.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/objectives/condition.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

class FlowMatching : public Objective {
 public:
  explicit FlowMatching(ConfigReader reader)
      : drop_(reader.number("drop", 0.1, 0, 1, "share of training rows whose text is dropped, for guidance")) {
    reader.finish();
  }

  Json fingerprint() const override { return {{"name", "flow_matching"}, {"version", 1}, {"drop", drop_}}; }

  Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double) const override {
    const at::Tensor t = uniform_rows(keys.seed, "objective/time", keys.samples);
    return {t, t, normal_rows(keys.seed, "objective/eps", keys.samples, latent_shape), draw_drop(keys, drop_)};
  }

  LossResult loss(const LossInputs& inputs) const override {
    const at::Tensor& x = inputs.x;
    const Draw& draw = inputs.draw;
    const at::Tensor t = draw.t.view({-1, 1, 1, 1});
    const at::Tensor z_t = (1 - t) * x + t * draw.eps, v = draw.eps - x;
    const Condition text = drop_text(inputs.condition, draw.drop);
    const at::Tensor u = inputs.model.forward({{z_t, {}}, {draw.t, {}}, {}, text, {}}).u.value;
    const at::Tensor loss = (u - v).square().mean();
    return {loss, {{"residual", loss}}};
  }

  bool is_mean_over_rows() const override { return true; }

  SamplerResult sample(const Model& model, const SamplerRequest& request) const override {
    const at::NoGradGuard no_grad;
    at::Tensor z = request.noise;
    const double steps = static_cast<double>(request.steps);
    for (int64_t i = request.steps; i > 0; --i) {  // Euler
      const double t = static_cast<double>(i) / steps;
      const at::Tensor velocity = guided(model, z, t, std::nullopt, request);
      if (request.on_step) request.on_step(t, z, velocity);
      z = z - velocity / steps;
    }
    return {z, request.steps * evaluations_per_step(request)};
  }

 private:
  double drop_;
};

EMF_REGISTER(ObjectiveRegistry, "flow_matching", "Instantaneous velocity, Euler sampling: the many-step baseline",
             [](const Options& options, const ObjectiveContext&) {
               return std::make_unique<FlowMatching>(ConfigReader(options));
             },
             {.title = "Flow matching", .color = "#0072b2", .dash = {6, 3}, .mark = "square"});

}  // namespace
}  // namespace emf
