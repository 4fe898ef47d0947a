// A suite's record turned into a lookup: which cells there are, and what each scored over its seeds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "harness/api/section.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// One metric of one cell over all its seeds.
struct Score {
  std::optional<double> value;  ///< mean over seeds; absent with `why`
  std::string why;
  std::optional<Interval>
      ci95;       ///< from the lowest to the highest end of the seeds' intervals: never narrower than any
  int64_t n = 0;  ///< pictures, all seeds together
  int64_t seeds = 0;
  std::vector<std::string> warnings;
};

/// Reads rows once; keeps names in the order the record has them.
class Record {
 public:
  explicit Record(const SectionInput& input);

  const std::vector<std::string>& encoders() const { return encoders_; }
  const std::vector<std::string>& objectives() const { return objectives_; }
  const std::vector<int64_t>& steps() const { return steps_; }  ///< rising
  bool has_metric(const std::string& metric) const;
  bool has_cell(const std::string& encoder, const std::string& objective) const;
  /// nullptr when the record holds no such cell.
  const Score* find(const std::string& encoder, const std::string& objective, int64_t steps,
                    const std::string& metric) const;
  /// What real pictures score: "ceiling", "ceiling/counting", "reconstruction" ...; nullptr when not measured
  /// or not scored.
  const Score* reference(const std::string& metric) const;
  /// The objective whose few-step scores matter most: mean_flow when it ran, else the first.
  std::string few_step_objective() const;
  int64_t max_seeds() const { return max_seeds_; }

 private:
  using Key = std::tuple<std::string, std::string, int64_t, std::string>;
  void add(const Json& row);

  std::vector<std::string> encoders_, objectives_;
  std::vector<int64_t> steps_;
  std::map<Key, Score> scores_;
  std::map<std::string, Score> references_;
  int64_t max_seeds_ = 0;
};

/// Rows of the record as `report --json` has them: result.json's, then seconds_per_picture from the
/// provenance.
Json report_rows(const SectionInput& input);

}  // namespace emf
