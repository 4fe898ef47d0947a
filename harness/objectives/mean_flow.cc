// SPDX-License-Identifier: Apache-2.0
// MeanFlow: the network learns the average velocity u(z_t, r, t) over [r, t], so that one step paints a picture.
//
//   z_t = (1 - t) x + t eps,  v = eps - x,  u_target = v - (t - r) du/dt,
//   du/dt = jvp of u along (z, r, t) = (v, 0, 1).
//
// Source: Geng et al. 2025; EMF Sec. 3.4 for the schedule (mu -0.5 to 0.5, sigma 1 to 2, share of r != t 0.25 to 0.75;
// the released code's defaults, linear) and for starting from a flow-matching network.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <numbers>

#include "harness/objectives/condition.h"
#include "harness/objectives/starts.h"
#include "harness/objectives/tangent.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

/// A quantity that moves from `first` to `last` over training.
struct Ramp {
  double first, last;
  double at(double share) const { return first + (last - first) * share; }
};

struct MeanFlowOptions {
  Ramp mu, sigma, ratio;
  bool cosine, duplicate_interval, from_flow_matching;
  double start_share, weight_power, weight_floor, drop;
  TangentChoice tangent;
};

MeanFlowOptions read_options(const Options& table) {
  ConfigReader reader(table);
  MeanFlowOptions options{};
  options.mu = {reader.number("mu_start", -0.5, -5, 5, "mean of the logit-normal times, at the beginning"),
                reader.number("mu_end", 0.5, -5, 5, "likewise at the end")};
  options.sigma = {reader.number("sigma_start", 1, 0.01, 10, "deviation of the logit-normal times, at the beginning"),
                   reader.number("sigma_end", 2, 0.01, 10, "likewise at the end")};
  options.ratio = {reader.number("ratio_start", 0.25, 0, 1, "share of rows with r != t, at the beginning"),
                   reader.number("ratio_end", 0.75, 0, 1, "likewise at the end")};
  options.cosine =
      reader.choice("schedule", "linear", {"linear", "cosine"}, "how the three go from beginning to end") == "cosine";
  options.from_flow_matching =
      reader.choice("start", "flow_matching", {"flow_matching", "scratch"},
                    "what it goes on from: flow matching's weights, or nothing") == "flow_matching";
  options.start_share =
      reader.number("start_share", 0.5, 0.05, 0.95, "share of the budget that flow matching has first");
  options.duplicate_interval = reader.choice("interval_start", "zero", {"zero", "duplicate"},
                                             "what the network reads as the interval where r = t") == "duplicate";
  options.weight_power = reader.number("weight_power", 1, 0, 2, "exponent of the loss's adaptive weight; 0 = none");
  options.weight_floor =
      reader.number("weight_floor", 1e-3, 1e-12, 1e6, "what is added to the error below that exponent");
  options.drop = reader.number("drop", 0.1, 0, 1, "share of training rows whose text is dropped, for guidance");
  options.tangent = TangentChoice::read(reader);
  reader.finish();
  return options;
}

class MeanFlow : public Objective {
 public:
  explicit MeanFlow(const MeanFlowOptions& options) : options_(options) {}

  Json fingerprint() const override {
    Json print = {{"name", "mean_flow"},
                  {"version", 1},
                  {"mu", {options_.mu.first, options_.mu.last}},
                  {"sigma", {options_.sigma.first, options_.sigma.last}},
                  {"ratio", {options_.ratio.first, options_.ratio.last}},
                  {"schedule", options_.cosine ? "cosine" : "linear"},
                  {"start", options_.from_flow_matching ? "flow_matching" : "scratch"},
                  {"start_share", options_.start_share},
                  {"interval_start", options_.duplicate_interval ? "duplicate" : "zero"},
                  {"weight", {options_.weight_power, options_.weight_floor}},
                  {"drop", options_.drop}};
    print.update(options_.tangent.fingerprint());
    return print;
  }

  ObjectiveWants wants() const override {
    if (!options_.from_flow_matching) return {};
    return {.starts_from = "flow_matching", .start_share = options_.start_share};
  }

  Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double progress) const override {
    const double share = schedule(progress);
    // One draw of two normals a row: the pair (t, r) is the larger and the smaller of two logit-normals.
    const at::Tensor normals = normal_rows(keys.seed, "objective/time_pair", keys.samples, {2});
    const at::Tensor pair = (normals * options_.sigma.at(share) + options_.mu.at(share)).sigmoid();
    const auto [r, t] = pair.aminmax(1);
    const at::Tensor apart = uniform_rows(keys.seed, "objective/apart", keys.samples) < options_.ratio.at(share);
    Draw draw{t, at::where(apart, r, t), normal_rows(keys.seed, "objective/eps", keys.samples, latent_shape),
              draw_drop(keys, options_.drop)};
    draw.num_apart = rows_apart(draw);
    return draw;
  }

  LossResult loss(const LossInputs& inputs) const override {
    const Draw& draw = inputs.draw;
    // Rows with r != t first: only they need a tangent.
    const at::Tensor apart = draw.t > draw.r;
    const at::Tensor order = std::get<1>(apart.logical_not().to(at::kByte).sort(/*stable=*/true, 0, false));
    const int64_t num_apart = rows_apart(draw);
    const auto ordered = [&](const at::Tensor& rows) { return rows.index_select(0, order); };
    const at::Tensor t = ordered(draw.t), r = ordered(draw.r), data = ordered(inputs.x), eps = ordered(draw.eps);
    const at::Tensor t_wide = t.view({-1, 1, 1, 1});
    const at::Tensor z_t = (1 - t_wide) * data + t_wide * eps, v = eps - data;

    const Condition text = drop_text(select_rows(inputs.condition, order), ordered(draw.drop));
    ModelInputs place{{z_t, {}}, {t, {}}, {t - r, {}}, text, {}};
    if (num_apart > 0) {
      place.z.tangent = v.narrow(0, 0, num_apart);
      place.t.tangent = at::ones({num_apart}, t.options());
      place.interval.tangent = place.t.tangent;  // r stands still, so t - r moves with t
    }
    const Dual u = forward_with_tangent(inputs.model, place, options_.tangent).u;

    at::Tensor target = v;
    if (num_apart > 0) {
      target = v.clone();
      target.narrow(0, 0, num_apart).sub_(place.interval.value.narrow(0, 0, num_apart).view({-1, 1, 1, 1}) * u.tangent);
    }
    const at::Tensor row_loss = (u.value - target).square().flatten(1).sum(1);
    const at::Tensor weight = (row_loss.detach() + options_.weight_floor).pow(-options_.weight_power);
    const double elements = static_cast<double>(inputs.x[0].numel());
    return {(weight * row_loss).mean(),
            {{"residual", row_loss.detach().mean().to(at::kDouble) / elements},
             {"du_dt", num_apart > 0 ? LossNumber(u.tangent.square().mean().sqrt()) : LossNumber(0)}}};
  }

  bool is_mean_over_rows() const override { return true; }

  SamplerResult sample(const Model& model, const SamplerRequest& request) const override {
    const at::NoGradGuard no_grad;
    at::Tensor z = request.noise;
    const double steps = static_cast<double>(request.steps);
    for (int64_t i = request.steps; i > 0; --i) {  // z_r = z_t - (t - r) u(z_t, r, t)
      const double t = static_cast<double>(i) / steps;
      const at::Tensor velocity = guided(model, z, t, 1 / steps, request);
      if (request.on_step) request.on_step(t, z, velocity);
      z = z - velocity / steps;
    }
    return {z, request.steps * evaluations_per_step(request)};
  }

  void start(const NamedParameters& model) const override {
    start_intervals(model, options_.duplicate_interval ? IntervalStart::kDuplicate : IntervalStart::kZero, "mean_flow");
  }
  double forwards_per_picture(double progress) const override {
    return 3 + options_.tangent.forwards() * options_.ratio.at(schedule(progress));
  }

 private:
  double schedule(double progress) const {
    return options_.cosine ? (1 - std::cos(std::numbers::pi * progress)) / 2 : progress;
  }

  MeanFlowOptions options_;
};

EMF_REGISTER(ObjectiveRegistry, "mean_flow", "Average velocity with an exact jvp target: paints in one or few steps",
             [](const Options& options, const ObjectiveContext&) {
               return std::make_unique<MeanFlow>(read_options(options));
             },
             {.title = "MeanFlow", .color = "#d55e00", .dash = {}, .mark = "circle"});

}  // namespace
}  // namespace emf
