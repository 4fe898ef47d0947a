// SPDX-License-Identifier: Apache-2.0
// The loop of a budgeted training, whatever is trained: steps, learning rate, event lines, checkpoints, resumption.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/api/objective.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/training/optimizer.h"
#include "harness/engine/training/options.h"
#include "harness/engine/training/schedule.h"
#include "harness/engine/training/target_network.h"

namespace emf {

/// Leaves that an encoder trains, under "encoder."; what stands beside them has other prefixes.
inline constexpr const char* kEncoderPrefix = "encoder.";

/// How often a run is saved. Changes no result.
struct CheckpointPolicy {
  int64_t a_budget = 0;  ///< so many times over the whole budget ...
  double seconds = 0;    ///< ... or, where that is 0, when so long has passed since the last time
};

/// What is trained, in what steps, and how much of its budget this run covers.
struct LoopPlan {
  std::string label;                     ///< for people: "train llm mean_flow seed 0"
  std::string unit;                      ///< what is counted: "pictures", "captions"
  std::string knob;                      ///< the suite's key to turn when it diverges: "train.learning_rate"
  int64_t from = 0, to = 0, total = 0;   ///< this run's part of the budget, and the budget
  int64_t phase_from = 0, phase_to = 0;  ///< the stretch over which progress goes from 0 to 1; holds [from, to)
  int64_t batch = 1;                     ///< of all peers together
  Schedule schedule;                     ///< over the budget
  double weight_decay = 0, clip_norm = 0;
  double ema_half_life = 0.05;      ///< share of the budget
  std::vector<double> rate_shares;  ///< what part of the rate each parameter takes; empty = all of it
  CheckpointPolicy checkpoints;
  bool bfloat16 = false;       ///< of the loss's convolutions and matrix products
  bool loss_in_events = true;  ///< beside what the loss reports itself
  /// What the live line says of the means since the last event; nothing = the residual.
  std::function<std::string(const Json& means)> note;
};

/// The plan of a generator's or an encoder's training; the spans are the caller's to set.
LoopPlan plan_of(const TrainOptions& options, const NamedParameters& parameters);

struct StepNumbers;

/// One step of a loop.
struct TrainingStep {
  LossResult loss;
  double flops = 0;  ///< of matrix products, this peer's
};

/// Sample i of the budget is always the same, so that a resumed run is bit-equal to one that was never stopped.
///
/// With peers, each is given the whole batch's first sample and takes its own share of the rows; gradients and numbers
/// are means over peers, so that all make the same step. Only the writer touches the folder.
class TrainingLoop {
 public:
  TrainingLoop(LoopPlan plan, const NamedParameters& parameters, const RunFolder& folder,
               const Placement& placement = {});

  /// Where nothing was interrupted, whoever trains may load a start into this.
  Optimizer& optimizer() { return optimizer_; }
  /// A network that follows the trained one after each step and stands in checkpoints; must outlive the loop.
  void set_target(const TargetNetwork* target) { target_ = target; }
  /// Goes back to checkpoints/final.safetensors of a run that ended before its stage did, or to latest.safetensors.
  /// @return  false when there is neither.
  bool resume();
  /// Runs to `to` and writes checkpoints/final.safetensors (weights, EMA, optimizer state).
  /// @param step  given the first sample of a batch and the share of the phase that is done.
  /// @return  {unit, "<unit>_before", "flops", "parameters", "curve": [[samples, residual], ...]}.
  /// @throws UserError  loss or gradient not finite (names the step); kInterrupted after saving a checkpoint.
  Json run(const std::function<TrainingStep(int64_t first, double progress)>& step);

 private:
  [[noreturn]] void fail(const std::string& what, int64_t step, int64_t samples) const;
  /// Backward and the optimizer's step, all numbers known at once: on the CPU, and with peers.
  StepNumbers step_and_wait(TrainingStep& done, double rate, int64_t step);
  /// The same given to a device, without waiting for it.
  StepNumbers step_ahead(TrainingStep& done, double rate, int64_t step);
  /// Gradients, loss and numbers of a step become their means over all peers.
  void average_over_peers(TrainingStep& done, double& loss) const;
  /// True when it is true for any peer.
  bool any_peer(bool here) const;
  void save(const std::string& file) const;

  LoopPlan plan_;
  NamedParameters parameters_;
  Optimizer optimizer_;
  const RunFolder& folder_;
  Placement placement_;
  const TargetNetwork* target_ = nullptr;
  int64_t samples_;
  double flops_ = 0;
};

/// The averaged weights of a final checkpoint that are the encoder's, under the encoder's own names.
/// @throws UserError  no encoder was trained there.
NamedTensors trained_encoder_values(const std::filesystem::path& checkpoint);

}  // namespace emf
