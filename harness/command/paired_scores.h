// SPDX-License-Identifier: Apache-2.0
// Two sets of scores over the same prompts: their differences with intervals, and the prompts won and lost.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/api/section.h"
#include "harness/base/json.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// Scores by what they are of: "overall" and each task of judged pictures, or a row of a suite's record.
using NamedScores = std::vector<std::pair<std::string, Scores>>;

struct PairedScore {
  std::string name;
  double a = 0, b = 0;                 ///< over the prompts that both have
  Difference difference;               ///< b less a
  double p_holm = 1;                   ///< corrected over all rows that have an interval
  std::vector<std::string> won, lost;  ///< prompts on which b is better, or worse; by how much, the most first
  int64_t tied = 0;
  std::map<std::string, std::array<double, 2>> scores;  ///< of a and b by prompt won or lost
};

struct PairedComparison {
  std::vector<PairedScore> rows;
  std::vector<std::string> only_a, only_b;    ///< names that one side alone has
  int64_t prompts = 0, prompts_left_out = 0;  ///< of all; that one side alone has
};

/// Pairs rows of equal name over their common prompts (same text, same task).
/// @throws UserError  nothing in common.   @cost  one bootstrap a row: a second for 553 prompts in seven rows.
PairedComparison paired_scores(const NamedScores& a, const NamedScores& b);

/// A file of judged pictures: GenEval's results.jsonl, or judge outputs, which are then judged by the official rule.
/// Rows are "overall" (the mean over tasks) and each task.
/// @throws UserError  absent (kMissing), malformed (names row).
struct JudgedFile {
  NamedScores scores;
  std::map<std::string, std::vector<std::string>> pictures;  ///< files by prompt, in order of the rows
  std::vector<std::string> warnings;
};
JudgedFile read_judged_file(const std::filesystem::path& file);

/// The main metric's items of a record, by "encoder/objective/steps/seed". Empty where the record holds none.
NamedScores scores_of_record(const Json& result);

/// Keys of two configurations that differ, with both values: [{"key", "a", "b"}].
Json changed_keys(const Json& a, const Json& b);

Json json_of(const PairedComparison& comparison);

/// What a page of the comparison says, for the report's writers.
std::vector<Block> blocks_of(const PairedComparison& comparison, const Json& changed, const std::string& a,
                             const std::string& b);

}  // namespace emf
