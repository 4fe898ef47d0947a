// SPDX-License-Identifier: Apache-2.0
// A judge's score with the judge's own error taken out, and put into the interval.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// How often a judge said "correct" of pictures whose truth is known, in one task.
struct JudgeTrials {
  int64_t right_accepted = 0, right = 0;  ///< pictures that show what their prompt says
  int64_t wrong_accepted = 0, wrong = 0;  ///< pictures asked for a prompt that they do not show
};

/// Takes a judge's error out of means of its verdicts.
///
/// In each task the share accepted is p = s x + f (1 - x) of the true share x, where s and f are the shares
/// of right and of wrong pictures accepted, so x = (p - f) / (s - f), cut to 0..1; tasks weigh the same. The
/// interval resamples prompts and draws s and f from their posteriors, so it is wider than the plain one:
/// few trials make it wide, and a judge that never erred in 30 trials is not taken for infallible, nor a
/// task in which no picture was accepted for hopeless.
/// @source  Rogan and Gladen 1978; Jeffreys prior, Beta(k + 1/2, n - k + 1/2).
class JudgeCorrection {
 public:
  /// @throws InternalError  more accepted than shown.
  explicit JudgeCorrection(const std::map<std::string, JudgeTrials>& trials, const BootstrapOptions& options = {});

  /// @param judged  verdicts 0 or 1; strata are the tasks.
  /// @return  nothing where a task has no trials of both kinds, or accepts right pictures hardly more often than wrong
  ///   ones (s - f below 0.1): nothing can be said of the truth then.
  /// @cost  as estimate_mean.
  std::optional<Estimate> corrected_mean(const Scores& judged) const;

 private:
  struct Task {
    double right = 0, wrong = 0;         ///< shares accepted
    std::vector<double> rights, wrongs;  ///< [draws] from the posteriors
  };
  std::map<std::string, Task> tasks_;
  BootstrapOptions options_;
};

/// {"task": {"right": [accepted, shown], "wrong": [accepted, shown]}} and back.
Json to_json(const std::map<std::string, JudgeTrials>& trials);
std::map<std::string, JudgeTrials> judge_trials(const Json& json);

}  // namespace emf
