// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>
#include <future>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/engine/training/loop.h"
#include "harness/engine/training/micro_batch.h"

namespace emf {
namespace {

void require_whole_batches(const Segment& segment, int64_t batch) {
  // A cut within a batch would show some samples twice, or to no step at all, and the stages before and after
  // it would not add up to an uncut row.
  for (const int64_t cut : {segment.from, segment.to}) {
    ensure(cut == segment.phase_to || (cut - segment.phase_from) % batch == 0,
           "a phase from {} is cut at {}, within a batch of {}", segment.phase_from, cut, batch);
  }
}

/// Weights, and where the objective goes on also the rest, of the segment before.
void load_start(const Segment& segment, const Objective& objective, const Model& model, const TargetNetwork* target,
                const std::string& label, Optimizer& optimizer) {
  const NamedTensors state = read_safetensors(segment.start);
  const std::string origin = segment.start.string();
  // The same objective goes on: moments, averages and counts come along, or a row that was cut would differ
  // from one that was not.
  if (segment.same_objective) {
    optimizer.load(state, {}, origin);
    if (target != nullptr) target->load(state, origin);
    return;
  }
  // Another objective's network may lack this one's heads and inputs, and knows nothing of its leaves.
  // Leaves of the encoder may not be absent: an encoder that began anew in the middle of a row would not be the
  // one that the row is named for.
  const auto is_new = [](const std::string& name) { return name.rfind(kEncoderPrefix, 0) != 0; };
  const std::vector<std::string> absent =
      optimizer.load(state, {.weights_only = true, .may_be_absent = is_new}, origin);
  if (!absent.empty()) {
    const size_t shown = std::min<size_t>(absent.size(), 3);
    std::string names = absent.front();
    for (size_t i = 1; i < shown; ++i) names += ", " + absent[i];
    if (shown < absent.size()) names += ", ...";
    say(fmt::format("{}: {} tensors are not in the checkpoint it starts from and keep their initial values ({})", label,
                    absent.size(), names));
  }
  // Behind the weights, because an objective may make its own inputs out of what was loaded, as MeanFlow does
  // with its second time.
  objective.start(model.parameters());
  // A target begins as the network stands now and not as it was initialised.
  if (target != nullptr) target->restart();
}

/// Draws of a row's steps. On a device those of the next step are made by another thread while this one hands the
/// device
/// its work: they are keyed by sample, so that nothing depends on who makes them when.
class Draws {
 public:
  /// @param progress_of  of a step's first sample.   @param to  first sample that no step has.
  Draws(const Objective& objective, uint64_t seed, int64_t first_here, int64_t rows, int64_t batch, int64_t to,
        bool ahead, std::function<double(int64_t)> progress_of)
      : objective_(objective),
        seed_(seed),
        first_here_(first_here),
        rows_(rows),
        batch_(batch),
        to_(to),
        ahead_(ahead),
        progress_of_(std::move(progress_of)) {}

  Draw of(int64_t first, at::IntArrayRef shape) {
    Draw draw = next_.valid() && next_first_ == first ? next_.get() : make(first, shape.vec());
    if (ahead_ && first + batch_ < to_) {
      next_first_ = first + batch_;
      next_ = std::async(std::launch::async, [this, first = next_first_, sizes = shape.vec()] {
        at::set_num_threads(1);  // a thread of its own: it would bring a team of others along
        return make(first, sizes);
      });
    }
    return draw;
  }

 private:
  Draw make(int64_t first, const std::vector<int64_t>& shape) const {
    RowKeys keys{seed_, {}};
    for (int64_t i = 0; i < rows_; ++i) keys.samples.push_back(static_cast<uint64_t>(first + first_here_ + i));
    return objective_.draw(keys, shape, progress_of_(first));
  }

  const Objective& objective_;
  uint64_t seed_;
  int64_t first_here_, rows_, batch_, to_;
  bool ahead_;
  std::function<double(int64_t)> progress_of_;
  int64_t next_first_ = 0;
  std::future<Draw> next_;
};

}  // namespace

Json train_segment(const Objective& objective, const Model& model, const NetworkMaker& make_target,
                   const TextConditions& conditions, const TrainingSet& data, const TrainOptions& options,
                   const Segment& segment, uint64_t seed, const Placement& placement, const std::string& label,
                   const RunFolder& folder) {
  require_whole_batches(segment, options.batch);
  const NamedParameters parameters = trained_leaves(model, conditions, &objective);
  LoopPlan plan = plan_of(options, parameters);
  plan.label = label;
  plan.unit = "pictures";
  plan.knob = "train.learning_rate";
  plan.from = segment.from, plan.to = segment.to, plan.total = segment.total;
  plan.phase_from = segment.phase_from, plan.phase_to = segment.phase_to;
  TrainingLoop loop(std::move(plan), parameters, folder, placement);

  std::optional<TargetNetwork> target;
  if (const auto decay = objective.wants().target_decay) {
    target.emplace(make_target(), model.parameters(), *decay, options.batch);
    loop.set_target(&*target);
  }
  // A run that was stopped has its own checkpoint, in which the start is already in; only a fresh one reads the start.
  if (!loop.resume() && !segment.start.empty()) {
    load_start(segment, objective, model, target ? &*target : nullptr, label, loop.optimizer());
  }

  // A peer takes every count-th part of a batch, so that the rows of all peers together are the undivided batch.
  const Peers& peers = *placement.peers;
  if (options.batch % peers.count() != 0) {
    fail_input("{}: a batch of {} does not divide among {} processes; change train.batch", label, options.batch,
               peers.count());
  }
  const int64_t rows_here = options.batch / peers.count(), first_here = peers.rank() * rows_here;
  // Counted at the padded length, as the products are really made.
  const double row_flops = model.forward_flops_per_row(conditions.length());
  // On a device, latents and text lie there from the start, where they fit.
  const TrainingSet near = data.near(placement.device);
  const double phase = static_cast<double>(segment.phase_to - segment.phase_from);
  Draws draws(objective, seed, first_here, rows_here, options.batch, segment.to, !placement.device.is_cpu(),
              [&](int64_t first) { return static_cast<double>(first - segment.phase_from) / phase; });
  if (options.micro_batch != 0 && !objective.is_mean_over_rows()) {
    fail_input("{}: {} has no loss that can be taken in parts; leave train.micro_batch out", label,
               objective.fingerprint().at("name").get<std::string>());
  }
  return loop.run([&](int64_t first, double progress) -> TrainingStep {
    const at::Tensor samples = at::empty({rows_here}, at::kLong);
    for (int64_t i = 0; i < rows_here; ++i) {
      const int64_t sample = first + first_here + i;
      // Beyond the pool, pictures and captions come again in the same order. The draws do not: they are keyed
      // by the sample's number in the budget.
      samples.data_ptr<int64_t>()[i] = sample % near.pool;
    }
    const at::Tensor pictures = near.gather(samples);
    const Draw drawn = draws.of(first, pictures.sizes().slice(1));
    LossResult loss = loss_by_parts(rows_here, options.micro_batch, [&](int64_t begin, int64_t count) {
      const bool is_whole = count == rows_here;
      const at::Tensor x = to_device(pictures.narrow(0, begin, count), placement.device);
      Draw draw = is_whole ? drawn : rows_of(drawn, begin, count);
      move_to(draw, placement.device);
      const Condition condition = conditions.gather(samples.narrow(0, begin, count));
      return objective.loss({model, target ? &target->model() : nullptr, x, condition, draw, progress});
    });
    const double forwards = objective.forwards_per_picture(progress) * static_cast<double>(rows_here);
    // An encoder that trains along runs forward and backward once a picture.
    return {std::move(loss), row_flops * forwards + 3 * conditions.forward_flops(samples)};
  });
}

NamedParameters trained_leaves(const Model& model, const TextConditions& conditions, const Objective* objective) {
  NamedParameters parameters;
  for (const auto& [name, tensor] : model.parameters()) parameters.emplace_back("model." + name, tensor);
  for (const auto& [name, tensor] : conditions.parameters()) parameters.emplace_back(kEncoderPrefix + name, tensor);
  if (objective == nullptr) return parameters;
  for (const auto& [name, tensor] : objective->parameters()) parameters.emplace_back("objective." + name, tensor);
  return parameters;
}

void fill_trained(const NamedTensors& values, const std::string& origin, const Model& model,
                  const TextConditions& conditions, const Objective* objective) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : trained_leaves(model, conditions, objective)) {
    // The encoder's averages belong to the network's: beside its last weights, the network would read text that
    // it was not averaged with.
    const auto found = values.find(name);
    if (found == values.end()) fail_input("{}: no averaged weights of '{}'", origin, name);
    if (found->second.sizes() != tensor.sizes()) fail_input("{}: '{}' is of another shape", origin, name);
    tensor.copy_(found->second);
  }
}

void load_averaged(const std::filesystem::path& checkpoint, const Model& model, const TextConditions& conditions,
                   const Objective* objective) {
  fill_trained(averaged_weights(read_safetensors(checkpoint)), checkpoint.string(), model, conditions, objective);
}

}  // namespace emf
