// emfbench bench step|sample: what a training step or a picture costs on this machine, beside the machine's own GEMM speed.
#include <fmt/format.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <chrono>

#include "harness/api/objective.h"
#include "harness/command/command.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

struct Clock {
  double wall_s = 0, cpu_s = 0;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

/// Time of one call: after a warm-up, the least of five repetitions (the machine may be busy).
template <typename Action>
Clock time_of(const Action& action) {
  action();
  Clock best{1e30, 1e30};
  for (int i = 0; i < 5; ++i) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    action();
    best.wall_s = std::min(best.wall_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    best.cpu_s = std::min(best.cpu_s, cpu_seconds() - cpu);
  }
  return best;
}

/// FLOP a CPU second of a square matrix product large enough to be compute-bound.
double gemm_roofline() {
  constexpr int64_t kSide = 1024;
  const at::Tensor a = at::ones({kSide, kSide}), b = at::ones({kSide, kSide});
  return 2.0 * kSide * kSide * kSide / time_of([&] { at::mm(a, b); }).cpu_s;
}

class Bench : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("what", what_, "step or sample")->required()->check(CLI::IsMember({"step", "sample"}));
    app.add_option("overrides", overrides_, "key=value of a suite: model.width=256 objective.mean_flow.ratio_start=1");
    app.add_option("--objective", objective_, "flow_matching, mean_flow or ddpm")->capture_default_str();
    app.add_option("--batch", batch_, "rows")->capture_default_str();
    app.add_option("--text-tokens", text_tokens_, "condition tokens a row")->capture_default_str();
    app.add_option("--text-dimension", text_dimension_, "condition dimension")->capture_default_str();
    app.add_option("--steps", steps_, "sampling steps")->capture_default_str();
    app.add_option("--threads", threads_, "compute threads")->capture_default_str();
  }

  ExitCode run(const CommonFlags& flags) override {
    at::set_num_threads(threads_);
    Config config;
    config.origin = "command line";
    for (const std::string& word : overrides_) apply_override(config, word);
    const ModelShape shape{16, 4, 4, text_dimension_};
    const auto model = ModelRegistry::instance().make("dit", config, shape, 1);
    const auto objective = ObjectiveRegistry::instance().make(objective_, config);
    RowKeys keys{1, {}};
    for (int64_t i = 0; i < batch_; ++i) keys.samples.push_back(static_cast<uint64_t>(i));
    const at::Tensor x = normal_rows(1, "bench/x", keys.samples, {16, 4, 4});
    const Condition condition{normal_rows(1, "bench/text", keys.samples, {text_tokens_, text_dimension_}),
                              at::ones({batch_, text_tokens_}, at::kBool)};
    const double forward = model->forward_flops_per_row(text_tokens_) * static_cast<double>(batch_);
    Clock clock;
    double flops = 0;
    if (what_ == "step") {
      const Draw draw = objective->draw(keys, {16, 4, 4}, 0.5);
      flops = forward * objective->forwards_per_picture(0.5);
      clock = time_of([&] {
        model->zero_grad();
        objective->loss(*model, x, condition, draw).loss.backward();
      });
    } else {
      flops = forward * static_cast<double>(steps_);
      clock = time_of([&] { objective->sample(*model, {x, condition, {}, steps_, 1}); });
    }
    const double roofline = gemm_roofline();
    const Json result = {{"what", what_},
                         {"objective", objective_},
                         {"batch", batch_},
                         {"threads", threads_},
                         {"seconds", clock.wall_s},
                         {"cpu_seconds", clock.cpu_s},
                         {"samples_per_second", static_cast<double>(batch_) / clock.wall_s},
                         {"needed_gflop", flops * 1e-9},
                         {"gemm_gflop_per_cpu_second", roofline * 1e-9},
                         {"share_of_gemm", flops / clock.cpu_s / roofline},
                         {"peak_rss_bytes", peak_bytes()}};
    if (flags.json) {
      print_json(result);
    } else {
      for (const auto& [key, value] : result.items()) fmt::print("{:<28} {}\n", key, value.dump());
    }
    return ExitCode::kGood;
  }

 private:
  std::string what_, objective_ = "mean_flow";
  std::vector<std::string> overrides_;
  int64_t batch_ = 128, text_tokens_ = 12, text_dimension_ = 576, steps_ = 1;
  int threads_ = 1;
};

EMF_REGISTER(CommandRegistry, "bench", "What a training step or a picture costs on this machine", std::make_unique<Bench>);

}  // namespace
}  // namespace emf
