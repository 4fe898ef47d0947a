// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/loop.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/store/machine.h"
#include "harness/engine/training/checkpoint.h"
#include "harness/engine/training/late_numbers.h"
#include "harness/tensor/autocast.h"

namespace emf {
namespace {

constexpr int64_t kEvents = 100;  // lines a budget

/// Averages of an event line's numbers since the last one.
class Averages {
 public:
  /// All numbers of one step.
  void add(const std::vector<std::pair<std::string, double>>& numbers) {
    for (const auto& [name, value] : numbers) sums_[name] += value;
    ++count_;
  }
  Json take() {
    Json means = Json::object();
    for (const auto& [name, sum] : sums_) means[name] = sum / count_;
    sums_.clear();
    count_ = 0;
    return means;
  }

 private:
  // A map, so that a line's numbers come in one order whatever order a loss reports them in.
  std::map<std::string, double> sums_;
  int count_ = 0;
};

/// When the folder gets a checkpoint, asked at event lines only: there no sum of a line is under way, so that a resumed
/// run writes the same lines.
class CheckpointClock {
 public:
  CheckpointClock(const CheckpointPolicy& policy, int64_t total_steps, int64_t event_every) : policy_(policy) {
    if (policy.a_budget == 0) return;
    // Counted in steps where that is possible: two runs of one plan then save at the same places, and a test
    // can compare them. Rounded down to whole event lines.
    every_ = std::max<int64_t>(event_every, total_steps / policy.a_budget / event_every * event_every);
  }
  bool due(int64_t steps_done) {
    if (policy_.a_budget > 0) return steps_done % every_ == 0;
    const Clock::time_point now = Clock::now();
    if (std::chrono::duration<double>(now - last_).count() < policy_.seconds) return false;
    last_ = now;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  CheckpointPolicy policy_;
  int64_t every_ = 0;
  Clock::time_point last_ = Clock::now();
};

/// [[samples, residual], ...] of the event lines; empty where the loss reports no residual.
Json curve_of(const RunFolder& folder, const std::string& unit) {
  Json points = Json::array();
  for (const Json& event : read_json_lines(folder.file("events.jsonl"))) {
    if (event.contains("residual")) points.push_back({event.at(unit), event.at("residual")});
  }
  return points;
}

int64_t count_of(const NamedParameters& parameters) {
  int64_t count = 0;
  for (const auto& [name, tensor] : parameters) count += tensor.numel();
  return count;
}

/// Encoders that are tuned may learn more slowly than the generator beside them.
std::vector<double> rate_shares(const TrainOptions& options, const NamedParameters& parameters) {
  std::vector<double> shares;
  // No shares at all where everything learns at one rate, so that the optimizer makes one group of it.
  if (options.encoder_learning_rate == 0 || options.learning_rate == 0) return shares;
  for (const auto& [name, tensor] : parameters) {
    const bool of_encoder = name.rfind(kEncoderPrefix, 0) == 0;
    shares.push_back(of_encoder ? options.encoder_learning_rate / options.learning_rate : 1);
  }
  return shares;
}

double ema_decay(const LoopPlan& plan) {
  // The half-life is a share of the budget, so that a short training averages over as much of itself as a long
  // one. A step moves the average by a whole batch.
  return std::pow(0.5, static_cast<double>(plan.batch) / (plan.ema_half_life * static_cast<double>(plan.total)));
}

std::string residual_note(const Json& means) {
  return means.contains("residual") ? fmt::format("residual {:.4f}", means.at("residual").get<double>()) : "";
}

}  // namespace

LoopPlan plan_of(const TrainOptions& options, const NamedParameters& parameters) {
  LoopPlan plan;
  plan.batch = options.batch;
  plan.schedule = generator_schedule(options.learning_rate, options.warm_up);
  plan.weight_decay = options.weight_decay;
  plan.clip_norm = options.clip_norm;
  plan.ema_half_life = options.ema_half_life;
  plan.rate_shares = rate_shares(options, parameters);
  plan.checkpoints.a_budget = options.checkpoints;
  return plan;
}

TrainingLoop::TrainingLoop(LoopPlan plan, const NamedParameters& parameters, const RunFolder& folder,
                           const Placement& placement)
    : plan_(std::move(plan)),
      parameters_(parameters),
      optimizer_(parameters, plan_.weight_decay, plan_.clip_norm, ema_decay(plan_), plan_.rate_shares),
      folder_(folder),
      placement_(placement),
      samples_(plan_.from) {
  ensure(plan_.phase_from <= plan_.from && plan_.to <= plan_.phase_to, "[{}, {}) of the phase [{}, {})", plan_.from,
         plan_.to, plan_.phase_from, plan_.phase_to);
}

bool TrainingLoop::resume() {
  const bool writes = placement_.peers->is_writer();
  // The final checkpoint goes first: a run that died between its last step and DONE has nothing to train any
  // more.
  for (const char* file : {kFinalCheckpoint, kLatestCheckpoint}) {
    const auto path = folder_.file(file);
    if (!path_exists(path)) continue;
    const TrainingState state = read_training_state(folder_, file);
    optimizer_.load(state.tensors, {}, path.string());
    if (target_ != nullptr) target_->load(state.tensors, path.string());
    samples_ = state.samples;
    flops_ = state.flops;
    if (!state.other_machine.empty() && writes) {
      say(
          fmt::format("note: {} goes on from a checkpoint made with {}, this process has {}: last bits may differ from "
                      "those of an undisturbed run",
                      plan_.label, state.other_machine, machine_kind()));
    }
    // Lines behind the checkpoint belong to steps that are about to be made again.
    if (writes) folder_.cut_events(state.events_bytes);
    return true;
  }
  // Lines without a checkpoint belong to a run that is about to be made again from its start.
  if (writes) folder_.cut_events(0);
  return false;
}

void TrainingLoop::save(const std::string& file) const {
  if (!placement_.peers->is_writer()) return;
  // Only what cannot be computed anew is kept. The draws of every step follow from the seed and the sample's
  // number, so there is no state of a random generator to save.
  TrainingState state{optimizer_.state(), samples_, flops_, folder_.events_size(), ""};
  if (target_ != nullptr) target_->save(state.tensors);
  // To the host once: a checkpoint is hashed and written.
  for (auto& [name, tensor] : state.tensors) tensor = tensor.cpu();
  write_training_state(folder_, file, state);
}

void TrainingLoop::average_over_peers(TrainingStep& done, double& loss) const {
  const Peers& peers = *placement_.peers;
  // A process alone divides by nothing, so that its numbers are the same to the last bit as without peers.
  if (peers.count() == 1) return;
  // A leaf that this peer's rows did not touch may have a gradient elsewhere: every peer hands in the same tensors.
  std::vector<at::Tensor> sums;
  for (const auto& [name, leaf] : parameters_) {
    if (!leaf.grad().defined()) leaf.mutable_grad() = at::zeros_like(leaf);
    sums.push_back(leaf.grad());
  }
  std::vector<double> numbers = {loss};
  for (const auto& [name, number] : done.loss.numbers) numbers.push_back(number);  // waits for each
  sums.push_back(at::tensor(numbers, placement_.options().dtype(at::kDouble)));
  peers.sum(sums);
  const double count = static_cast<double>(peers.count());
  for (at::Tensor& sum : sums) sum.div_(count);

  // One peer's loss that is not finite makes the mean so, and all of them stop together.
  const at::Tensor means = sums.back();
  loss = means[0].item<double>();
  int64_t place = 1;
  for (auto& [name, number] : done.loss.numbers) number = means[place++].item<double>();
}

bool TrainingLoop::any_peer(bool here) const {
  if (placement_.peers->count() == 1) return here;
  // A sum is a vote in which every peer takes part. One that stopped by itself would leave the others waiting
  // in the next sum for ever.
  const at::Tensor votes = at::full({1}, here ? 1 : 0, placement_.options());
  placement_.peers->sum({votes});
  return votes.item<double>() > 0;
}

void TrainingLoop::fail(const std::string& what, int64_t step, int64_t samples) const {
  fail_input("{}: {} at step {} ({} {}); lower {}", plan_.label, what, step, samples, plan_.unit, plan_.knob);
}

StepNumbers TrainingLoop::step_and_wait(TrainingStep& done, double rate, int64_t step) {
  double value = done.loss.loss.item<double>();
  // Backward even where the loss is not finite: the other peers wait in the sum of gradients.
  if (placement_.peers->count() == 1 && !std::isfinite(value))
    fail(fmt::format("the loss is {}", value), step, samples_);
  done.loss.loss.backward();
  average_over_peers(done, value);
  if (!std::isfinite(value)) fail(fmt::format("the loss is {}", value), step, samples_);
  const double gradient_norm = optimizer_.step(rate);
  // The optimizer has changed nothing in this case, so the last checkpoint stays the best that there is.
  if (!std::isfinite(gradient_norm)) fail("the gradient is not finite", step, samples_);
  return {step, samples_, value, gradient_norm, std::move(done.loss.numbers)};
}

StepNumbers TrainingLoop::step_ahead(TrainingStep& done, double rate, int64_t step) {
  const LossNumber loss = done.loss.loss;
  done.loss.loss.backward();
  return {step, samples_, loss, optimizer_.step_ahead(rate), std::move(done.loss.numbers)};
}

Json TrainingLoop::run(const std::function<TrainingStep(int64_t, double)>& step_of) {
  const bool writes = placement_.peers->is_writer();
  const int64_t total_steps = plan_.total / plan_.batch;
  const int64_t event_every = std::max<int64_t>(1, total_steps / kEvents);
  const double phase = static_cast<double>(plan_.phase_to - plan_.phase_from);
  CheckpointClock checkpoints(plan_.checkpoints, total_steps, event_every);
  Averages averages;
  std::optional<Progress> progress;
  if (writes) progress.emplace(plan_.label, plan_.to, plan_.unit);
  // A device is given the next step before the numbers of this one are read, so that it never waits for the host. What
  // is not finite is then met a step late; the optimizer has left everything as it was from that step on.
  const bool ahead = !placement_.device.is_cpu() && placement_.peers->count() == 1;
  LateNumbers late(placement_.device);
  const auto settle = [&](size_t left) {
    while (late.waiting() > left) {
      const StepNumbers read = late.next();
      const double loss = read.loss, gradient_norm = read.gradient_norm;
      if (!std::isfinite(loss)) fail(fmt::format("the loss is {}", loss), read.step, read.samples);
      if (!std::isfinite(gradient_norm)) fail("the gradient is not finite", read.step, read.samples);
      std::vector<std::pair<std::string, double>> numbers(read.numbers.begin(), read.numbers.end());
      if (plan_.loss_in_events) numbers.emplace_back("loss", loss);
      numbers.emplace_back("gradient_norm", gradient_norm);
      averages.add(numbers);
    }
  };

  // The step's number counts from the budget's start, not from this run's: event lines and checkpoints fall on the same
  // samples however the budget is cut.
  for (int64_t step = samples_ / plan_.batch; samples_ < plan_.to; ++step) {
    TrainingStep done;
    {
      // Around the forward alone: backward runs each operation in the precision of its forward by itself.
      const Autocast precision(plan_.bfloat16, placement_.device.type());
      done = step_of(samples_, static_cast<double>(samples_ - plan_.phase_from) / phase);
    }
    // A share of the whole budget and not of this run, so that a segment goes on where the one before it left
    // the schedule.
    const double rate = plan_.schedule.at(static_cast<double>(samples_) / static_cast<double>(plan_.total));
    late.push(ahead ? step_ahead(done, rate, step) : step_and_wait(done, rate, step));
    // Behind the step, so that a target with decay 0 is what the next loss sees of the network itself.
    if (target_ != nullptr) target_->follow();
    samples_ += plan_.batch;
    // Peers take equal shares of each batch, so one of them can count for all.
    flops_ += done.flops * static_cast<double>(placement_.peers->count());
    const bool line_due = (step + 1) % event_every == 0 || samples_ >= plan_.to;
    settle(ahead && !line_due ? 1 : 0);
    if (!line_due) continue;

    // An event line; and, since nothing is half done here, the only place to stop and to save.
    Json line = averages.take();
    if (writes) progress->update(samples_, plan_.note ? plan_.note(line) : residual_note(line));
    line[plan_.unit] = samples_;
    line["learning_rate"] = rate;
    if (writes) folder_.event(line);
    // The end is saved below, as the final checkpoint; a latest one would only be removed again.
    if (samples_ >= plan_.to) break;
    const bool stop = any_peer(interrupted()), due = checkpoints.due(step + 1);
    if (stop || due) save(kLatestCheckpoint);
    if (stop) stop_interrupted();
  }

  save(kFinalCheckpoint);
  any_peer(false);  // nobody reads the folder before the writer is done with it
  const Json result = {{plan_.unit, plan_.to - plan_.from},
                       {plan_.unit + "_before", plan_.from},
                       {"flops", flops_},
                       {"parameters", count_of(parameters_)},
                       {"curve", curve_of(folder_, plan_.unit)}};
  // Last of all: until the final checkpoint stands, this is what a killed run goes on from.
  if (writes) std::filesystem::remove(folder_.file(kLatestCheckpoint));
  return result;
}

NamedTensors trained_encoder_values(const std::filesystem::path& checkpoint) {
  const std::string prefix = kEncoderPrefix;
  NamedTensors values;
  for (auto& [name, value] : averaged_weights(read_safetensors(checkpoint))) {
    if (name.rfind(prefix, 0) == 0) values[name.substr(prefix.size())] = value.contiguous();
  }
  if (values.empty()) fail_input("{}: no encoder was trained there", checkpoint.string());
  return values;
}

}  // namespace emf
