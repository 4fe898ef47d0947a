// Paired comparisons between rows of a suite, over the same prompts and noise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/base/statistics.h"
#include "harness/engine/suite_spec.h"

namespace emf {

/// Correctness of every judged picture of a cell ("encoder/objective/steps", or "ceiling"), over all seeds.
using CellScores = std::map<std::string, Scores>;

/// Scores of one seed's pictures, reworded prompts left out: clusters are prompts, strata are tasks.
Scores prompt_scores(const std::vector<double>& correct, const std::vector<Prompt>& prompts);
void append_scores(Scores& scores, const Scores& more);

/// Only the items of a task; `metric` is "geneval" (all) or "geneval/<tag>".
Scores of_metric(const Scores& scores, const std::string& metric);

/// MeanFlow against every other objective of the same encoder at each step count, with p values corrected by
/// Holm and by Benjamini-Hochberg, and the smallest difference that so many prompts would show.
Json compare_objectives(const CellScores& cells, const SuiteSpec& spec);

/// A verdict a claim: "pass" when the 95 % interval of left - factor * right lies above zero, "fail" when below,
/// else "undecided" (also when a side was not run).
Json judge_claims(const CellScores& cells, const SuiteSpec& spec);

}  // namespace emf
