// SPDX-License-Identifier: Apache-2.0
// emfbench bench step|sample|attention|encode: what a training step, a picture, an attention or a text's features
// cost on this machine, beside the machine's own GEMM speed.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/terminal.h"
#include "harness/command/bench_attention.h"
#include "harness/command/bench_encode.h"
#include "harness/command/bench_network.h"
#include "harness/command/command.h"
#include "harness/command/device_option.h"

namespace emf {
namespace {

class Bench : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("what", what_, "step, sample, attention or encode")
        .required()
        .one_of({"step", "sample", "attention", "encode"});
    constexpr int kMost = 1 << 20;
    of_network_ = {
        flags.option("overrides", network_.overrides,
                     "of step and sample: key=value of a suite, model.width=256 objective.mean_flow.ratio_start=1"),
        flags
            .option("--objective", network_.objective,
                    "of step and sample: a registered objective, or a table [objective.NAME] of the overrides")
            .shows_default(),
        flags.option("--channels", network_.shape.channels, "of what is generated").shows_default().between(1, kMost),
        flags.option("--height", network_.shape.height, "of what is generated").shows_default().between(1, kMost),
        flags.option("--width", network_.shape.width, "of what is generated").shows_default().between(1, kMost),
        flags.option("--rounds", network_.rounds, "of step and sample: whose median is taken")
            .shows_default()
            .between(1, 100000),
        flags.option("--text-dimension", network_.shape.condition_dimension, "of step and sample: condition dimension")
            .shows_default()
            .between(1, kMost)};
    of_network_or_attention_ = {
        flags.option("--batch", network_.batch, "of step, sample and attention: rows")
            .shows_default()
            .between(1, kMost),
        flags.option("--text-tokens", network_.text_tokens, "of step, sample and attention: condition tokens a row")
            .shows_default()
            .between(1, kMost)};
    of_step_ = {
        flags
            .option("--micro-batch", network_.micro_batch,
                    "of step: rows whose activations are in memory at once; 0 = all of the batch")
            .shows_default()
            .between(0, kMost),
        flags.option("--save", network_.save,
                     "of step: a file for weights, inputs, loss and gradients of the first step (safetensors), so that "
                     "another program can take the same"),
        flags.option("--tangent", network_.tangents,
                     "of step: a way to du/dt, timed beside the others given, beside flow matching, and with its "
                     "error against fp64: dual, forward_ad, double_backward, finite_difference; repeatable")};
    of_sample_ = {
        flags.option("--steps", network_.steps, "of sample: sampling steps").shows_default().between(1, 100000),
        flags.option("--guidance", network_.guidance, "of sample: its strength; 1 = no second evaluation")
            .shows_default()};
    of_attention_ = {
        flags.option("--tokens", attention_.tokens, "of attention: tokens a row").shows_default().between(1, kMost),
        flags.option("--heads", attention_.heads, "of attention: heads").shows_default().between(1, 1024),
        flags.option("--head-size", attention_.head_size, "of attention: numbers a head")
            .shows_default()
            .between(1, 1024),
        flags.option("--share", attention_.share, "of attention: of rows that carry a tangent").shows_default()};
    of_encode_ = {flags.option("--encoder", encode_.encoder, "of encode: a registered name, folder or .gguf file")
                      .shows_default(),
                  flags.option("--prompts", encode_.prompts, "of encode: a file; without one, 500 captions of scenes")};
    flags
        .option("--precision", network_.precision,
                "of matrix products; without it, what model or encoder does by themselves")
        .one_of({"fp32", "bf16"});
    flags.option("--threads", network_.threads, "compute threads").shows_default().between(1, 1024);
    add_device_option(flags, device_, "what computes");
  }

  ExitCode run(const CommonFlags& flags) override {
    const bool of_network = what_ == "step" || what_ == "sample";
    if (!of_network) refuse(of_network_);
    if (what_ == "encode") refuse(of_network_or_attention_);
    if (what_ != "encode") refuse(of_encode_);
    if (what_ != "step") refuse(of_step_);
    if (what_ != "sample") refuse(of_sample_);
    if (what_ != "attention") refuse(of_attention_);
    at::set_num_threads(network_.threads);
    network_.placement = ready_placement(device_, "--device");
    print_bench(measured(), flags);
    return ExitCode::kGood;
  }

 private:
  Json measured() {
    if (what_ == "step") return bench_step(network_);
    if (what_ == "sample") return bench_sample(network_);
    if (what_ == "attention") {
      attention_.batch = network_.batch, attention_.text_tokens = network_.text_tokens;
      attention_.is_bfloat16 = network_.precision == "bf16";
      return bench_attention(attention_, network_.threads, network_.placement);
    }
    encode_.precision = network_.precision;
    return bench_encode(encode_, network_.threads, network_.placement);
  }

  /// An option of another kind of bench would change nothing, and its number would be taken for one that it changed.
  void refuse(const std::vector<Flag>& flags) const {
    for (const Flag& flag : flags) {
      if (flag.count() > 0) fail_input("bench {} does not take {}", what_, flag.name());
    }
  }

  static void print_bench(const Json& result, const CommonFlags& flags) {
    if (flags.json) {
      print_json(result);
      return;
    }
    for (const auto& [key, value] : result.items()) {
      if (!value.is_array() || value.empty() || !value.front().is_object())
        print_shown("{:<28} {}\n", key, value.dump());
    }
    for (const auto& [key, value] : result.items()) {
      if (value.is_array() && !value.empty() && value.front().is_object()) print_rows(value);
    }
  }

  /// A table whose columns are the first row's keys.
  static void print_rows(const Json& rows) {
    std::vector<std::string> columns;
    for (const Json& row : rows) {
      for (const auto& [key, value] : row.items()) {
        if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
      }
    }
    // Words come before numbers.
    std::stable_partition(columns.begin(), columns.end(),
                          [&](const std::string& key) { return rows.front().value(key, Json()).is_string(); });
    std::string head;
    for (const std::string& key : columns) head += fmt::format("{:<20}", key);
    print_shown("\n{}\n", head);
    for (const Json& row : rows) {
      std::string line;
      for (const std::string& key : columns) {
        const Json value = row.value(key, Json());
        line += fmt::format("{:<20}", value.is_string()   ? value.get<std::string>()
                                      : value.is_number() ? fmt::format("{:.4g}", value.get<double>())
                                                          : "");
      }
      print_shown("{}\n", line);
    }
  }

  std::string what_, device_ = "cpu";
  std::vector<Flag> of_network_, of_network_or_attention_, of_step_, of_sample_, of_attention_, of_encode_;
  NetworkBench network_;
  AttentionBench attention_;
  EncodeBench encode_;
};

EMF_REGISTER(CommandRegistry, "bench", "What a training step, a picture or a text's features cost on this machine",
             std::make_unique<Bench>);

}  // namespace
}  // namespace emf
