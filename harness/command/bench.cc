// SPDX-License-Identifier: Apache-2.0
// emfbench bench step|sample|encode: what a training step, a picture or a text's features cost on this machine, beside
// the machine's own GEMM speed.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "harness/api/objective.h"
#include "harness/base/terminal.h"
#include "harness/command/bench_clock.h"
#include "harness/command/bench_encode.h"
#include "harness/command/command.h"
#include "harness/command/device_option.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

class Bench : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("what", what_, "step, sample or encode").required().one_of({"step", "sample", "encode"});
    constexpr int kMost = 1 << 20;
    of_network_ = {
        flags.option("overrides", overrides_,
                     "of step and sample: key=value of a suite, model.width=256 objective.mean_flow.ratio_start=1"),
        flags
            .option("--objective", objective_,
                    "of step and sample: a registered objective, or a table [objective.NAME] of the overrides")
            .shows_default(),
        flags.option("--batch", batch_, "of step and sample: rows").shows_default().between(1, kMost),
        flags.option("--channels", shape_.channels, "of what is generated").shows_default().between(1, kMost),
        flags.option("--height", shape_.height, "of what is generated").shows_default().between(1, kMost),
        flags.option("--width", shape_.width, "of what is generated").shows_default().between(1, kMost),
        flags.option("--text-tokens", text_tokens_, "of step and sample: condition tokens a row")
            .shows_default()
            .between(1, kMost),
        flags.option("--text-dimension", shape_.condition_dimension, "of step and sample: condition dimension")
            .shows_default()
            .between(1, kMost)};
    of_sample_ = {flags.option("--steps", steps_, "of sample: sampling steps").shows_default().between(1, 100000)};
    of_encode_ = {flags.option("--encoder", encode_.encoder, "of encode: a registered name, folder or .gguf file")
                      .shows_default(),
                  flags.option("--prompts", encode_.prompts, "of encode: a file; without one, 500 captions of scenes")};
    flags.option("--precision", precision_, "of matrix products").one_of({"fp32", "bf16"}).shows_default();
    flags.option("--threads", threads_, "compute threads").shows_default().between(1, 1024);
    add_device_option(flags, device_, "what computes");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (what_ == "encode") refuse(of_network_);
    if (what_ != "encode") refuse(of_encode_);
    if (what_ != "sample") refuse(of_sample_);
    at::set_num_threads(threads_);
    const Placement placement = ready_placement(device_, "--device");
    if (what_ == "encode") {
      encode_.precision = precision_;
      print_bench(bench_encode(encode_, threads_, placement), flags);
      return ExitCode::kGood;
    }
    Config config;
    config.origin = "command line";
    for (const std::string& word : overrides_) apply_override(config, word);
    refuse_other_keys(config);
    const std::vector<std::string> of_objective = {"objective", objective_};
    const auto objective = ObjectiveRegistry::instance().make(
        ConfigReader(config, "objective." + objective_).text("objective", objective_),
        Options(config, of_objective, {"objective", "title"}), ObjectiveContext{placement});
    const std::string name = ConfigReader(config, "model").text("name", "dit");
    Options of_model(config, {"model"}, {"name", "title"});
    if (!precision_.empty()) of_model = of_model.with("precision", precision_);
    const bool is_brief = of_model.values().value("precision", "fp32") == "bf16";
    const auto model =
        ModelRegistry::instance().make(name, of_model, ModelContext{shape_, 1, objective->wants().demands, placement});

    RowKeys keys{1, {}};
    for (int64_t i = 0; i < batch_; ++i) keys.samples.push_back(static_cast<uint64_t>(i));
    const std::vector<int64_t> latent = {shape_.channels, shape_.height, shape_.width};
    const at::Tensor x = to_device(normal_rows(1, "bench/x", keys.samples, latent), placement.device);
    const Condition condition{
        to_device(normal_rows(1, "bench/text", keys.samples, {text_tokens_, shape_.condition_dimension}),
                  placement.device),
        at::ones({batch_, text_tokens_}, placement.options().dtype(at::kBool))};
    const double forward = model->forward_flops_per_row(text_tokens_) * static_cast<double>(batch_);
    Clock clock;
    double flops = 0;
    if (what_ == "step") {
      Draw draw = objective->draw(keys, latent, 0.5);
      move_to(draw, placement.device);
      flops = forward * objective->forwards_per_picture(0.5);
      // An objective with a target network costs the same with the network itself as its target.
      const Model* target = objective->wants().target_decay ? model.get() : nullptr;
      clock = time_of([&] {
        clear_gradients(model->parameters());
        objective->loss({*model, target, x, condition, draw, 0.5}).loss.backward();
        synchronize(placement.device);
      });
    } else {
      flops = forward * static_cast<double>(steps_);
      clock = time_of([&] {
        objective->sample(*model, {x, condition, {}, steps_, 1});
        synchronize(placement.device);
      });
    }
    const Speed speed = speed_of(flops, clock, placement, is_brief ? at::kBFloat16 : at::kFloat);
    const Json result = {{"what", what_},
                         {"objective", objective_},
                         {"precision", is_brief ? "bf16" : "fp32"},
                         {"batch", batch_},
                         {"shape", {shape_.channels, shape_.height, shape_.width}},
                         {"threads", threads_},
                         {"device", placement.device.str()},
                         {"seconds", clock.wall_s},
                         {"cpu_seconds", clock.cpu_s},
                         {"samples_per_second", static_cast<double>(batch_) / clock.wall_s},
                         {"needed_gflop", flops * 1e-9},
                         {speed.key, speed.gemm * 1e-9},
                         {"share_of_gemm", speed.share},
                         {"peak_rss_bytes", peak_bytes()}};
    print_bench(result, flags);
    return ExitCode::kGood;
  }

 private:
  /// An option of another kind of bench would change nothing, and its number would be taken for one that it changed.
  void refuse(const std::vector<Flag>& flags) const {
    for (const Flag& flag : flags) {
      if (flag.count() > 0) fail_input("bench {} does not take {}", what_, flag.name());
    }
  }

  /// Keys that neither the objective nor the model reads: mistyped ones, and those of a suite's other tables.
  void refuse_other_keys(const Config& config) const {
    ConfigReader tables(config, "");
    for (const char* table : {"objective", "model"}) tables.raw(table);
    tables.finish();
    ConfigReader objectives(config, "objective");
    objectives.raw(objective_);
    objectives.finish();
  }

  static void print_bench(const Json& result, const CommonFlags& flags) {
    if (flags.json) {
      print_json(result);
    } else {
      for (const auto& [key, value] : result.items()) print_shown("{:<28} {}\n", key, value.dump());
    }
  }

  std::string what_, objective_ = "mean_flow", device_ = "cpu", precision_;
  std::vector<Flag> of_network_, of_sample_, of_encode_;
  std::vector<std::string> overrides_;
  ModelShape shape_{16, 4, 4, 576};
  int64_t batch_ = 128, text_tokens_ = 12, steps_ = 1;
  int threads_ = 1;
  EncodeBench encode_;
};

EMF_REGISTER(CommandRegistry, "bench", "What a training step, a picture or a text's features cost on this machine",
             std::make_unique<Bench>);

}  // namespace
}  // namespace emf
