// SPDX-License-Identifier: Apache-2.0
// A suite's record turned into a lookup: which cells there are, and what each scored over its seeds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "harness/api/section.h"
#include "harness/statistics/statistics.h"
#include "reports/record/names.h"

namespace emf {

/// One metric of one cell over all its seeds.
struct Score {
  std::optional<double> value;  ///< mean over seeds; absent with `why`
  std::string why;
  std::optional<Interval>
      ci95;             ///< from the lowest to the highest end of the seeds' intervals: never narrower than any
  int64_t n = 0;        ///< pictures, all seeds together
  int64_t seeds = 0;    ///< with a value
  int64_t missing = 0;  ///< seeds without one, which the mean leaves out
  std::vector<std::string> warnings;

  /// "1 of 3 seeds" where the mean is of some of them alone; else "".
  std::string seeds_left_out() const;
};

/// "ci95" of a row, a probe's mode or a comparison; nothing where it is null or absent.
std::optional<Interval> interval_of(const Json& holder);

/// Reads rows once; keeps names in the order the record has them.
///
/// An intermediate checkpoint's rows are no final scores: they are kept apart (see checkpoints()), unless the record
/// has nothing else. Then each checkpoint stands as an encoder of its own, and names() says at how many pictures.
class Record {
 public:
  explicit Record(const SectionInput& input);

  const Names& names() const { return names_; }
  /// The metric that orders tables, plots, comparisons and claims.
  const std::string& main_metric() const { return names_.main_metric(); }
  /// The objective that the suite is about: whose few-step scores matter most. "" when there is none.
  const std::string& main_objective() const { return main_objective_; }

  /// Keys of the encoders (encoder_key.h), which are their names where no checkpoint is meant.
  const std::vector<std::string>& encoders() const { return encoders_; }
  /// Names of the encoders, those of checkpoints included: whose trainings these were.
  const std::vector<std::string>& encoder_names() const { return encoder_names_; }
  const std::vector<std::string>& objectives() const { return objectives_; }
  const std::vector<int64_t>& steps() const { return steps_; }  ///< rising
  /// Every metric of any cell, parts ("geneval/counting") included.
  const std::vector<std::string>& metrics() const { return metrics_; }
  bool has_metric(const std::string& metric) const;
  bool has_cell(const std::string& encoder, const std::string& objective) const;
  /// nullptr when the record holds no such cell.
  const Score* find(const std::string& encoder, const std::string& objective, int64_t steps,
                    const std::string& metric) const;
  /// What real pictures score. nullptr when not measured or not scored.
  /// @param pictures  "ceiling" (as rendered), "reconstruction" (through the codec) or "chance" (of other prompts).
  const Score* reference(const std::string& pictures, const std::string& metric) const;
  /// Of any cell, seeds without a value included.
  int64_t max_seeds() const { return max_seeds_; }
  /// True when some cell's mean leaves out a seed that has no value.
  bool leaves_out_seeds() const;

  /// Numbers of pictures after which checkpoints were scored, rising; and what one of them scored, nullptr for none.
  const std::vector<int64_t>& checkpoints() const { return checkpoints_; }
  const Score* find_checkpoint(const std::string& encoder, const std::string& objective, int64_t steps,
                               int64_t pictures, const std::string& metric) const;

  /// True when `a` is a better value of the metric than `b`.
  bool better(double a, double b, const std::string& metric) const {
    return names_.higher_is_better(metric) ? a > b : a < b;
  }
  /// True when higher is better and all values and intervals lie in 0..1, so that an axis may show the whole range.
  bool is_share(const std::string& metric) const;
  /// Digits behind the point that are worth reading: of distances fewer, the larger they are.
  int digits(const std::string& metric) const;
  /// True when a list's entry is shown among the final ones: no checkpoint, or there are only checkpoints.
  bool is_shown(const Json& entry) const;

 private:
  using Key = std::tuple<std::string, std::string, int64_t, std::string>;  ///< encoder, objective, steps, metric
  void add(const Json& row);
  void add_cell(const std::string& encoder, const Json& row);

  Names names_;
  std::string main_objective_;
  bool only_checkpoints_ = false;
  std::vector<std::string> encoders_, encoder_names_, objectives_, metrics_;
  std::vector<int64_t> steps_, checkpoints_;
  std::map<Key, Score> scores_, checkpoint_scores_;                  ///< of checkpoints by encoder_key()
  std::map<std::pair<std::string, std::string>, Score> references_;  ///< by pictures and metric
  int64_t max_seeds_ = 0;
};

/// Rows of the record as `report --json` has them: result.json's, then seconds_per_picture from the provenance.
Json report_rows(const SectionInput& input);

}  // namespace emf
