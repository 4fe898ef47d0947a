// The loop of a budgeted training, whatever is trained: steps, learning rate, event lines, checkpoints, resumption.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "harness/api/objective.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/training/optimizer.h"
#include "harness/engine/training/options.h"

namespace emf {

/// Leaves that an encoder trains, under "encoder."; what stands beside them has other prefixes.
inline constexpr const char* kEncoderPrefix = "encoder.";

/// What is trained, and how much of its budget this run covers.
struct TrainingSpan {
  std::string label;  ///< for people: "train llm mean_flow seed 0"
  std::string unit;   ///< what is counted: "pictures", "captions"
  std::string knob;   ///< the suite's key to turn when it diverges: "train.learning_rate"
  int64_t from = 0, to = 0, total = 0;
};

/// One step of a loop.
struct TrainingStep {
  LossResult loss;
  double flops = 0;  ///< of matrix products
};

/// Sample i of the budget is always the same, so that a resumed run is bit-equal to one that was never stopped.
class TrainingLoop {
 public:
  /// @param options  batch, learning rate, checkpoints and so on; its `pictures` is not read.
  TrainingLoop(const TrainOptions& options, TrainingSpan span, const NamedParameters& parameters,
               const RunFolder& folder);

  /// Where nothing was interrupted, whoever trains may load a start into this.
  Optimizer& optimizer() { return optimizer_; }
  /// Goes back to checkpoints/latest.safetensors.   @return  false when there is none.
  bool resume();
  /// Runs to the span's end and writes checkpoints/final.safetensors (weights, EMA, optimizer state).
  /// @param step  given the first sample of a batch and the share of the span that is done.
  /// @return  {unit, "<unit>_before", "flops", "parameters", "curve": [[samples, residual], ...]}.
  /// @throws UserError  loss or gradient not finite (names the step); kInterrupted after saving a checkpoint.
  Json run(const std::function<TrainingStep(int64_t first, double progress)>& step);

 private:
  void save(const std::string& file) const;
  double learning_rate() const;

  const TrainOptions& options_;
  TrainingSpan span_;
  int64_t num_parameters_ = 0;
  Optimizer optimizer_;
  const RunFolder& folder_;
  int64_t samples_;
  double flops_ = 0;
};

/// The averaged weights of a final checkpoint that are the encoder's, under the encoder's own names.
NamedTensors trained_encoder_values(const std::filesystem::path& checkpoint);

}  // namespace emf
