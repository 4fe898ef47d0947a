// SPDX-License-Identifier: Apache-2.0
#include "harness/command/bench_network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <memory>

#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/command/bench_clock.h"
#include "harness/engine/training/micro_batch.h"
#include "harness/engine/training/optimizer.h"
#include "harness/objectives/condition.h"
#include "harness/objectives/tangent.h"
#include "harness/tensor/random_rows.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr double kProgress = 0.5, kRate = 1e-4, kDecay = 0.999;

/// Keys that neither the objective nor the model reads: mistyped ones, and those of a suite's other tables.
void refuse_other_keys(const Config& config, const std::string& objective) {
  ConfigReader tables(config, "");
  for (const char* table : {"objective", "model"}) tables.raw(table);
  tables.finish();
  ConfigReader objectives(config, "objective");
  objectives.raw(objective);
  objectives.finish();
}

/// What is timed: data, text, and how networks and objectives for it are made.
struct Workbench {
  explicit Workbench(const NetworkBench& asked) : bench(asked) {
    config.origin = "command line";
    for (const std::string& word : bench.overrides) apply_override(config, word);
    refuse_other_keys(config, bench.objective);
    of_model = Options(config, {"model"}, {"name", "title"});
    if (!bench.precision.empty()) of_model = of_model.with("precision", bench.precision);
    is_bfloat16 = of_model.values().value("precision", "fp32") == "bf16";
    for (int64_t i = 0; i < bench.batch; ++i) keys.samples.push_back(static_cast<uint64_t>(i));
    x = on_device(normal_rows(1, "bench/x", keys.samples, latent()));
    condition = {
        on_device(normal_rows(1, "bench/text", keys.samples, {bench.text_tokens, bench.shape.condition_dimension})),
        at::ones({bench.batch, bench.text_tokens}, bench.placement.options().dtype(at::kBool))};
  }

  std::vector<int64_t> latent() const { return {bench.shape.channels, bench.shape.height, bench.shape.width}; }
  at::Tensor on_device(const at::Tensor& tensor) const { return to_device(tensor, bench.placement.device); }

  /// @param tangent  "" = as the options say.
  std::unique_ptr<Objective> objective(const std::string& name, const std::string& tangent = "") const {
    const std::string plugin = ConfigReader(config, "objective." + name).text("objective", name);
    Options options(config, {"objective", name}, {"objective", "title"});
    if (!tangent.empty()) options = options.with("tangent", tangent);
    return ObjectiveRegistry::instance().make(plugin, options, ObjectiveContext{bench.placement});
  }
  std::unique_ptr<Model> model(const ModelDemands& demands) const {
    const std::string name = ConfigReader(config, "model").text("name", "dit");
    return ModelRegistry::instance().make(name, of_model, ModelContext{bench.shape, 1, demands, bench.placement});
  }

  NetworkBench bench;
  Config config;
  Options of_model;
  bool is_bfloat16 = false;
  RowKeys keys{1, {}};
  at::Tensor x;
  Condition condition;
};

/// A network that is trained one way.
class Trained {
 public:
  Trained(const Workbench& work, const std::string& objective, const std::string& tangent)
      : work_(work),
        objective_(work.objective(objective, tangent)),
        model_(work.model(objective_->wants().demands)),
        optimizer_(model_->parameters(), 0.01, 1, kDecay) {
    const at::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model_->parameters()) {
      // A step or two in: what starts at zero would leave whole branches without numbers.
      if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.02);
    }
  }

  void step() {
    take_gradients(objective_->draw(work_.keys, work_.latent(), kProgress));
    optimizer_.step(kRate);
    synchronize(work_.bench.placement.device);
  }

  /// The first step's weights, inputs, loss and gradients.
  void save(const std::string& file) {
    const Draw draw = objective_->draw(work_.keys, work_.latent(), kProgress);
    const at::Tensor loss = take_gradients(draw);
    const Condition text = drop_text(work_.condition, draw.drop);
    NamedTensors tensors = {{"input.x", work_.x},
                            {"input.eps", draw.eps},
                            {"input.t", draw.t},
                            {"input.r", draw.r},
                            {"input.tokens", text.tokens},
                            {"input.mask", text.mask.to(at::kByte)},
                            {"loss", loss.detach().view({1})}};
    for (const auto& [name, parameter] : model_->parameters()) {
      tensors["weight." + name] = parameter.detach();
      if (parameter.grad().defined()) tensors["gradient." + name] = parameter.grad();
      parameter.mutable_grad().reset();
    }
    write_safetensors(file, tensors);
  }

  /// That the objective counts: with the tangent's own where the layers carry it, more in the other ways.
  double flops() const {
    return model_->forward_flops_per_row(work_.bench.text_tokens) * static_cast<double>(work_.bench.batch) *
           objective_->forwards_per_picture(kProgress);
  }

 private:
  /// @return  the loss.
  at::Tensor take_gradients(const Draw& drawn) {
    // An objective with a target network costs the same with the network itself as its target.
    const Model* target = objective_->wants().target_decay ? model_.get() : nullptr;
    const NetworkBench& bench = work_.bench;
    const at::Tensor loss = loss_by_parts(bench.batch, bench.micro_batch, [&](int64_t begin, int64_t count) {
                              Draw draw = rows_of(drawn, begin, count);
                              move_to(draw, bench.placement.device);
                              const at::Tensor x = work_.x.narrow(0, begin, count);
                              const Condition condition{work_.condition.tokens.narrow(0, begin, count),
                                                        work_.condition.mask.narrow(0, begin, count)};
                              return objective_->loss({*model_, target, x, condition, draw, kProgress});
                            }).loss;
    loss.backward();
    return loss;
  }

  const Workbench& work_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Model> model_;
  Optimizer optimizer_;
};

/// ||du/dt - exact|| / ||exact|| of a way, over all rows and a network whose every branch has numbers.
double tangent_error(const Workbench& work, const std::string& way) {
  const auto run = [&](bool exact) {
    const auto model = work.model({});
    at::manual_seed(1);
    for (const auto& [name, parameter] : model->parameters()) {
      const at::NoGradGuard no_grad;
      if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.05);
      if (exact) parameter.set_data(parameter.detach().to(at::kDouble));
    }
    const auto type = exact ? at::kDouble : at::kFloat;
    const at::Tensor pair = uniform_rows(2, "bench/times", work.keys.samples),
                     eps = work.on_device(normal_rows(3, "bench/eps", work.keys.samples, work.latent()));
    const at::Tensor t = work.on_device(pair * 0.96 + 0.02).to(type), wide = t.view({-1, 1, 1, 1}),
                     ones = at::ones_like(t), x = work.x.to(type), noise = eps.to(type);
    const ModelInputs inputs{{(1 - wide) * x + wide * noise, noise - x},
                             {t, ones},
                             {t * 0.7, ones},
                             {work.condition.tokens.to(type), work.condition.mask},
                             {}};
    const at::NoGradGuard no_grad;
    return forward_with_tangent(*model, inputs, {exact ? TangentWay::kDual : tangent_way(way), 5e-3}).u.tangent;
  };
  const at::Tensor exact = run(true);
  return ((run(false).to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
}

Json head_of(const Workbench& work, const char* what) {
  const NetworkBench& bench = work.bench;
  return {{"what", what},
          {"objective", bench.objective},
          {"batch", bench.batch},
          {"micro_batch", bench.micro_batch},
          {"shape", {bench.shape.channels, bench.shape.height, bench.shape.width}},
          {"precision", work.is_bfloat16 ? "bf16" : "fp32"},
          {"threads", bench.threads},
          {"device", bench.placement.device.str()}};
}

void add_speed(const Workbench& work, double flops, const Clock& clock, Json& result) {
  const Speed speed = speed_of(flops, clock, work.bench.placement, work.is_bfloat16 ? at::kBFloat16 : at::kFloat);
  result["seconds"] = clock.wall_s;
  result["cpu_seconds"] = clock.cpu_s;
  result["samples_per_second"] = static_cast<double>(work.bench.batch) / clock.wall_s;
  result["needed_gflop"] = flops * 1e-9;
  result[speed.key] = speed.gemm * 1e-9;
  result["share_of_gemm"] = speed.share;
}

}  // namespace

Json bench_step(const NetworkBench& bench) {
  const Workbench work(bench);
  const bool compares = !bench.tangents.empty();
  std::vector<std::unique_ptr<Trained>> trained;
  for (const std::string& way : compares ? bench.tangents : std::vector<std::string>{""}) {
    trained.push_back(std::make_unique<Trained>(work, bench.objective, way));
  }
  if (compares) trained.push_back(std::make_unique<Trained>(work, "flow_matching", ""));
  if (!bench.save.empty()) trained.front()->save(bench.save);
  std::vector<std::function<void()>> steps;
  for (const auto& one : trained) steps.push_back([&one] { one->step(); });
  const std::vector<Clock> clocks = interleaved_medians(steps, bench.rounds);
  Json result = head_of(work, "step");
  result["peak_rss_bytes"] = peak_bytes();
  if (!compares) {
    add_speed(work, trained.front()->flops(), clocks.front(), result);
    return result;
  }
  add_speed(work, Trained(work, bench.objective, "dual").flops(), clocks.front(), result);
  Json rows = Json::array();
  for (size_t i = 0; i < trained.size(); ++i) {
    const bool is_flow = i == bench.tangents.size();
    Json row = {{"way", is_flow ? "flow_matching" : bench.tangents[i]},
                {"seconds", clocks[i].wall_s},
                {"cpu_seconds", clocks[i].cpu_s},
                {"executed_gflop", trained[i]->flops() * 1e-9},
                {"over_flow_matching", clocks[i].cpu_s / clocks.back().cpu_s}};
    if (!is_flow) row["du_dt_error"] = tangent_error(work, bench.tangents[i]);
    rows.push_back(row);
  }
  result["tangents"] = rows;
  return result;
}

Json bench_sample(const NetworkBench& bench) {
  const Workbench work(bench);
  const auto objective = work.objective(bench.objective);
  const auto model = work.model(objective->wants().demands);
  const at::TensorOptions options = bench.placement.options();
  SamplerRequest request{work.x,
                         work.condition,
                         {at::zeros({bench.batch, 1, bench.shape.condition_dimension}, options),
                          at::ones({bench.batch, 1}, options.dtype(at::kBool))},
                         bench.steps,
                         bench.guidance,
                         {}};
  if (bench.guidance != 1) request.both = with_null(request);
  int64_t evaluations = 0;
  const Clock clock = interleaved_medians({[&] {
                                            evaluations = objective->sample(*model, request).network_evaluations;
                                            synchronize(bench.placement.device);
                                          }},
                                          bench.rounds)
                          .front();
  Json result = head_of(work, "sample");
  result["steps"] = bench.steps;
  result["guidance"] = bench.guidance;
  result["peak_rss_bytes"] = peak_bytes();
  add_speed(work, model->forward_flops_per_row(bench.text_tokens) * static_cast<double>(bench.batch * evaluations),
            clock, result);
  return result;
}

}  // namespace emf
