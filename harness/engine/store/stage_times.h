// SPDX-License-Identifier: Apache-2.0
// How long stages take, from those that a store has finished.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "harness/base/json.h"
#include "harness/engine/store/stage.h"

namespace emf {

/// What is known of a stage before it runs: enough to tell like from unlike, and large from small.
struct StageSize {
  std::string kind;
  /// Stages of one kind that do the same work on other amounts of it: a training by its objective, model and shape,
  /// latents by their codec. Unlike ones say nothing of each other's times.
  std::string like;
  double amount = 1;  ///< pictures trained on or encoded, pictures times steps painted; 1 of kinds that hold no number
};

/// @param spec      as a stage's spec.json.
/// @param pictures  that a `sample` stage paints.
/// @param train     spec of the training whose weights a `sample` stage paints with; null elsewhere.
StageSize size_of_stage(const std::string& kind, const Json& spec, int64_t pictures, const Json& train);

/// Of a stage that a run holds.   @param pictures  that its `sample` stages paint.
StageSize size_of_stage(const Stage& stage, int64_t pictures);

/// Reads each kind's folders once, when it is first asked for.
class StageTimes {
 public:
  explicit StageTimes(std::filesystem::path store) : store_(std::move(store)) {}

  /// @return  about how many seconds of one core such a stage takes; nothing when the store never ran one like it.
  std::optional<double> seconds(const StageSize& size);
  /// Likewise; of a kind that the store ran otherwise only, by the amount of that. Good enough for a clock.
  std::optional<double> rough_seconds(const StageSize& size);
  /// A stage that was finished since.
  void add(const StageSize& size, double seconds);

 private:
  struct Sum {
    double seconds = 0, amount = 0;
  };
  std::map<std::string, Sum>& sums_of(const std::string& kind);
  void read(const std::string& kind);
  void read_stage(const std::string& kind, const std::filesystem::path& folder);

  std::filesystem::path store_;
  std::map<std::string, std::map<std::string, Sum>> sums_;  ///< by kind, then by StageSize::like
};

}  // namespace emf
