// SPDX-License-Identifier: Apache-2.0
// Improved MeanFlow: MeanFlow whose tangent follows the velocity of the network itself, and whose guidance is an input.
//
//   z_t = (1 - t) x + t eps,  v = eps - x,  c the text, none the null text, w the row's guidance (below)
//   v_c = v_head(z_t, r = t | c, w, 0, 1),  v_n = v_head(z_t, r = t | none, 1, 0, 1)                    no gradient
//   v_g = v + (1 - 1/w)(v_c - v_n)                            the guided velocity; v itself where the text is dropped
//   (u, v_hat) = network(z_t, r, t | c, omega, from, to),  du/dt = jvp of u along (z, r, t) = (v_c, 0, 1)
//   V = u + (t - r) sg(du/dt),  loss = A(sum |V - v_g|^2) + A(sum |v_hat - v_g|^2),  A(l) = l / sg(l + .01)
//
// omega is drawn on [1, 8] and is what the network is told; w is omega, but 1 in rows r != t whose t lies outside
// [from, to]. At the fixed point v_c = v_n + w (v - v_n): one evaluation a step paints a guided picture.
//
// Source: Geng et al. 2025b (arXiv 2512.02012), and its code where the two differ (imeanflow bf60cd7, imf.py): v_n is
// at guidance 1. What deviates: the network keeps its two time inputs (t and t - r) and adaLN; which rows are r = t and
// which lose their text is keyed by sample and independent, where the code takes the first rows of a batch for both;
// v_c is evaluated once, at the w that the row uses (the code evaluates it twice and discards one). The default trains
// from scratch, as the paper does.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "harness/objectives/condition.h"
#include "harness/objectives/starts.h"
#include "harness/objectives/tangent.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

struct ImprovedOptions {
  double mu, sigma, ratio, weight_power, weight_floor, drop, start_share;
  bool guided, from_flow_matching;
  double most_guidance, guidance_beta, sample_from, sample_to;
  TangentChoice tangent;
};

ImprovedOptions read_options(const Options& table) {
  ConfigReader reader(table);
  ImprovedOptions options{};
  options.mu = reader.number("mu", -0.4, -5, 5, "mean of the logit-normal times");
  options.sigma = reader.number("sigma", 1, 0.01, 10, "deviation of the logit-normal times");
  options.ratio = reader.number("ratio", 0.5, 0, 1, "share of rows with r != t");
  options.weight_power = reader.number("weight_power", 1, 0, 2, "exponent of the loss's adaptive weight; 0 = none");
  options.weight_floor =
      reader.number("weight_floor", 0.01, 1e-12, 1e6, "what is added to the error below that exponent");
  options.drop = reader.number("drop", 0.1, 0, 1, "share of training rows whose text is dropped, for guidance");
  options.from_flow_matching =
      reader.choice("start", "scratch", {"flow_matching", "scratch"},
                    "what it goes on from: flow matching's weights, or nothing") == "flow_matching";
  options.start_share =
      reader.number("start_share", 0.5, 0.05, 0.95, "share of the budget that flow matching has first");
  options.guided = reader.choice("guidance", "input", {"input", "none"},
                                 "whether the scale of guidance is an input of the network") == "input";
  options.most_guidance = reader.number("most_guidance", 8, 1, 1000, "largest scale of guidance that is trained");
  options.guidance_beta =
      reader.number("guidance_beta", 1, -10, 10, "exponent of the power law that scales are drawn from");
  options.sample_from = reader.number("sample_from", 0, 0, 0.5, "first time of the interval in which guidance works");
  options.sample_to = reader.number("sample_to", 1, 0.5, 1, "last time of that interval");
  options.tangent = TangentChoice::read(reader);
  reader.finish();
  return options;
}

/// [B] as a factor of [B,C,H,W].
at::Tensor wide(const at::Tensor& rows) { return rows.view({-1, 1, 1, 1}); }

class ImprovedMeanFlow : public Objective {
 public:
  explicit ImprovedMeanFlow(const ImprovedOptions& options) : options_(options) {}

  Json fingerprint() const override {
    Json print = {{"name", "improved_mean_flow"},
                  {"version", 1},
                  {"times", {options_.mu, options_.sigma}},
                  {"ratio", options_.ratio},
                  {"weight", {options_.weight_power, options_.weight_floor}},
                  {"drop", options_.drop},
                  {"start", options_.from_flow_matching ? "flow_matching" : "scratch"},
                  {"start_share", options_.start_share},
                  {"guidance", options_.guided ? "input" : "none"},
                  {"guidance_law", {options_.most_guidance, options_.guidance_beta}}};
    print.update(options_.tangent.fingerprint());
    return print;
  }

  Json sampling() const override { return {{"interval", {options_.sample_from, options_.sample_to}}}; }

  /// What the network was told of in training; elsewhere it would be asked for what it has never seen.
  std::array<double, 2> guidance_range() const override {
    if (!options_.guided) return Objective::guidance_range();
    return {1, options_.most_guidance};
  }

  ObjectiveWants wants() const override {
    ObjectiveWants wants;
    wants.demands.heads = {"v"};
    if (options_.guided) wants.demands.scalars = {"guidance", "guidance_from", "guidance_to"};
    if (options_.from_flow_matching) {
      wants.starts_from = "flow_matching";
      wants.start_share = options_.start_share;
    }
    return wants;
  }

  Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double) const override {
    const auto uniform = [&](const char* stream) { return uniform_rows(keys.seed, stream, keys.samples); };
    const at::Tensor normals = normal_rows(keys.seed, "objective/time_pair", keys.samples, {2});
    const auto [r, t] = (normals * options_.sigma + options_.mu).sigmoid().aminmax(1);
    const at::Tensor apart = uniform("objective/apart") < options_.ratio;
    Draw draw{t, at::where(apart, r, t), normal_rows(keys.seed, "objective/eps", keys.samples, latent_shape),
              draw_drop(keys, options_.drop)};
    if (options_.guided) {
      draw.extras["omega"] = guidance_law(uniform("objective/guidance"));
      // Rows r = t are guided whatever their t, and told so.
      draw.extras["from"] = at::where(apart, uniform("objective/guidance_from") * 0.5, at::zeros_like(t));
      draw.extras["to"] = at::where(apart, uniform("objective/guidance_to") * 0.5 + 0.5, at::ones_like(t));
    }
    draw.num_apart = rows_apart(draw);
    return draw;
  }

  LossResult loss(const LossInputs& inputs) const override {
    // Rows with r != t first: only they need a tangent.
    const at::Tensor apart = inputs.draw.t > inputs.draw.r;
    const at::Tensor order = std::get<1>(apart.logical_not().to(at::kByte).sort(/*stable=*/true, 0, false));
    const int64_t num_apart = rows_apart(inputs.draw);
    const auto ordered = [&](const at::Tensor& rows) { return rows.index_select(0, order); };
    Draw draw{ordered(inputs.draw.t), ordered(inputs.draw.r), ordered(inputs.draw.eps), ordered(inputs.draw.drop)};
    for (const auto& [name, extra] : inputs.draw.extras) draw.extras[name] = ordered(extra);
    const Condition text = drop_text(select_rows(inputs.condition, order), draw.drop);
    const at::Tensor x = ordered(inputs.x), z_t = (1 - wide(draw.t)) * x + wide(draw.t) * draw.eps, v = draw.eps - x;

    const Velocities own = velocities(inputs.model, z_t, v, text, draw, num_apart);
    ModelInputs place{{z_t, {}}, {draw.t, {}}, {draw.t - draw.r, {}}, text, {}};
    if (options_.guided) place.scalars = scalars(draw.extras.at("omega"), draw.extras.at("from"), draw.extras.at("to"));
    if (num_apart > 0) {
      place.z.tangent = own.direction;
      place.t.tangent = at::ones({num_apart}, draw.t.options());
      place.interval.tangent = place.t.tangent;  // r stands still, so t - r moves with t
    }
    const ModelOutputs outputs = forward_with_tangent(inputs.model, place, options_.tangent);

    at::Tensor target = own.guided;  // of u: V - v_g = u - (v_g - (t - r) du/dt), and only u has a gradient
    if (num_apart > 0) {
      target = target.clone();
      const at::Tensor gap = wide(place.interval.value.narrow(0, 0, num_apart));
      target.narrow(0, 0, num_apart).sub_(gap * outputs.u.tangent);
    }
    const at::Tensor u_loss = (outputs.u.value - target).square().flatten(1).sum(1),
                     v_loss = (outputs.heads.at("v").value - own.guided).square().flatten(1).sum(1);
    const double elements = static_cast<double>(x[0].numel());
    const auto mean_square = [&](const at::Tensor& rows) { return rows.detach().mean().to(at::kDouble) / elements; };
    return {(weighted(u_loss) + weighted(v_loss)).mean(),
            {{"residual", mean_square(u_loss)},
             {"residual_v", mean_square(v_loss)},
             {"du_dt", num_apart > 0 ? LossNumber(outputs.u.tangent.square().mean().sqrt()) : LossNumber(0)}}};
  }

  bool is_mean_over_rows() const override { return true; }

  SamplerResult sample(const Model& model, const SamplerRequest& request) const override {
    const at::NoGradGuard no_grad;
    at::Tensor z = request.noise;
    const double steps = static_cast<double>(request.steps);
    const auto rows = [&](double value) { return at::full({z.size(0)}, value, z.options()); };
    for (int64_t i = request.steps; i > 0; --i) {  // z_r = z_t - (t - r) u(z_t, r, t)
      const double t = static_cast<double>(i) / steps;
      at::Tensor velocity;
      if (options_.guided) {  // the network was told of guidance, so there is no second evaluation to mix
        const auto told = scalars(rows(request.guidance), rows(options_.sample_from), rows(options_.sample_to));
        velocity = model.forward({{z, {}}, {rows(t), {}}, {rows(1 / steps), {}}, request.condition, told}).u.value;
      } else {
        velocity = guided(model, z, t, 1 / steps, request);
      }
      if (request.on_step) request.on_step(t, z, velocity);
      z = z - velocity / steps;
    }
    return {z, request.steps * (options_.guided ? 1 : evaluations_per_step(request))};
  }

  /// Forward, backward, the tangent's rows; and without gradient v_c, with v_n beside it where there is guidance.
  double forwards_per_picture(double) const override {
    return 3 + options_.tangent.forwards() * options_.ratio + (options_.guided ? 2 : options_.ratio);
  }

  void start(const NamedParameters& model) const override {
    start_intervals(model, IntervalStart::kZero, "improved_mean_flow");
    start_head(model, "v", "improved_mean_flow");
  }

 private:
  struct Velocities {
    at::Tensor guided;     ///< v_g [B,C,H,W]
    at::Tensor direction;  ///< v_c of the first K rows; undefined when K = 0
  };

  /// What the v head says at r = t, without gradient.
  Velocities velocities(const Model& model, const at::Tensor& z_t, const at::Tensor& v, const Condition& text,
                        const Draw& draw, int64_t num_apart) const {
    const at::NoGradGuard no_grad;
    const auto head = [&](const at::Tensor& z, const at::Tensor& t, const Condition& condition,
                          const std::map<std::string, at::Tensor>& told) {
      return model.forward({{z, {}}, {t, {}}, {at::zeros_like(t), {}}, condition, told}).heads.at("v").value;
    };
    if (!options_.guided) {
      // Only the rows that need a direction.
      if (num_apart == 0) return {v, {}};
      const auto first = [&](const at::Tensor& rows) { return rows.narrow(0, 0, num_apart); };
      return {v, head(first(z_t), first(draw.t), {first(text.tokens), first(text.mask)}, {})};
    }
    const at::Tensor &omega = draw.extras.at("omega"), &from = draw.extras.at("from"), &to = draw.extras.at("to");
    const at::Tensor inside = (draw.t >= from) & (draw.t <= to);  // rows r = t: from 0 to 1
    const at::Tensor ones = at::ones_like(omega), w = at::where(inside, omega, ones);
    const Condition none = drop_text(text, at::ones_like(draw.drop));
    // One batch of twice the rows: the text at w, then the null text at guidance 1.
    const auto told = scalars(at::cat({w, ones}), at::zeros({2 * w.size(0)}, w.options()), at::cat({ones, ones}));
    const auto halves = head(at::cat({z_t, z_t}), at::cat({draw.t, draw.t}),
                             {at::cat({text.tokens, none.tokens}), at::cat({text.mask, none.mask})}, told)
                            .chunk(2);
    const at::Tensor strength = at::where(draw.drop, at::zeros_like(w), 1 - 1 / w);
    return {v + wide(strength) * (halves[0] - halves[1]),
            num_apart > 0 ? halves[0].narrow(0, 0, num_apart) : at::Tensor()};
  }

  /// The network's inputs. Guidance enters as 1 - 1/omega, which lies in [0, 1) as times do.
  static std::map<std::string, at::Tensor> scalars(const at::Tensor& omega, const at::Tensor& from,
                                                   const at::Tensor& to) {
    return {{"guidance", 1 - 1 / omega}, {"guidance_from", from}, {"guidance_to", to}};
  }

  /// A uniform turned to omega on [1, most]: density proportional to omega^-beta (beta 1: log-uniform).
  at::Tensor guidance_law(const at::Tensor& uniform) const {
    const double span = std::log(options_.most_guidance), rest = 1 - options_.guidance_beta;
    if (std::abs(rest) < 1e-9) return (uniform * span).exp();
    return ((uniform * std::expm1(rest * span)).log1p() / rest).exp();
  }

  /// l / sg(l + floor)^power, a row each.
  at::Tensor weighted(const at::Tensor& row_loss) const {
    return row_loss * (row_loss.detach() + options_.weight_floor).pow(-options_.weight_power);
  }

  ImprovedOptions options_;
};

EMF_REGISTER(ObjectiveRegistry, "improved_mean_flow",
             "MeanFlow along the network's own velocity (a v head), guidance as an input: one evaluation a step",
             [](const Options& options, const ObjectiveContext&) {
               return std::make_unique<ImprovedMeanFlow>(read_options(options));
             },
             {.title = "Improved MeanFlow", .color = "#cc79a7", .dash = {8, 2, 2, 2}, .mark = "diamond"});

}  // namespace
}  // namespace emf
