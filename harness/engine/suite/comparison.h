// Paired comparisons between rows of a suite, over the same prompts and noise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// Correctness of every judged picture of a cell ("encoder/objective/steps", or "ceiling"), over all seeds.
using CellScores = std::map<std::string, Scores>;
/// The same of each training seed apart.
using SeedScores = std::map<std::string, std::map<int64_t, Scores>>;

/// Scores of one seed's pictures, reworded prompts left out: clusters are prompts, strata are tasks.
Scores prompt_scores(const std::vector<double>& correct, const std::vector<Prompt>& prompts);
void append_scores(Scores& scores, const Scores& more);

/// Only the items of a task; `metric` is "geneval" (all) or "geneval/<tag>".
Scores of_metric(const Scores& scores, const std::string& metric);

/// Paired differences between cells that differ in one thing: MeanFlow and every other objective of one encoder ("kind":
/// "objective"), every two encoders under one objective ("encoder"), every step count and the next one ("steps").
///
/// p values are corrected by Holm and by Benjamini-Hochberg over all of them, and each has the smallest difference that so many
/// prompts would show. Where both sides were trained with two seeds or more in common, "seeds" holds the mean difference over
/// seeds with Student's interval: the second source of chance.
Json compare_cells(const CellScores& cells, const SeedScores& seeds, const SuiteSpec& spec);

/// A verdict a claim: "pass" when the 95 % interval of left - factor * right lies above zero, "fail" when below,
/// else "undecided" (also when a side was not run).
Json judge_claims(const CellScores& cells, const SuiteSpec& spec);

}  // namespace emf
