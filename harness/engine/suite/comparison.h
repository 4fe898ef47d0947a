// SPDX-License-Identifier: Apache-2.0
// Paired comparisons between rows of a suite, over the same prompts and noise.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/captions/prompt.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// Scores of every judged picture of a cell ("encoder/objective/steps", or "ceiling"), over all seeds.
using CellScores = std::map<std::string, Scores>;
/// The same of each training seed apart.
using SeedScores = std::map<std::string, std::map<int64_t, Scores>>;

/// Scores of one seed's pictures by a metric of items: clusters are prompts, strata are tasks. Prompts that the metric
/// does not score (null), and those in words that training does not have, are left out.
/// @param items  one a prompt, as scoring stages give them.
Scores item_scores(const Json& items, const std::vector<Prompt>& prompts);
void append_scores(Scores& scores, const Scores& more);

/// Only the items of a task.   @param part  "counting" of "geneval/counting"; "" = all.
Scores of_part(const Scores& scores, const std::string& part);

/// An objective with a model and a codec, as rows have them.
struct ComparedArm {
  std::string name;          ///< "mean_flow+wide", as cells have it
  std::string objective;     ///< the suite's name of it
  std::string model, codec;  ///< likewise; "" = the suite's first
};

/// What is compared with what.
struct ComparisonPlan {
  std::string metric;  ///< what the scores are of
  std::vector<std::string> encoders;
  std::vector<ComparedArm> arms;
  std::string main_objective;  ///< the one that all others are compared with
  std::vector<int64_t> steps;
};

/// Paired differences between cells that differ in one thing: the main objective and every other one of one encoder,
/// model and codec ("kind": "objective"), every two encoders ("encoder"), every step count and the next one ("steps"),
/// every two models ("model"), every two codecs ("codec").
///
/// p values are corrected by Holm and by Benjamini-Hochberg over all of them, and each has the smallest difference that
/// so many prompts would show. Where both sides were trained with two seeds or more in common, "seeds" holds the mean
/// difference over seeds with Student's interval: the second source of chance.
Json compare_cells(const CellScores& cells, const SeedScores& seeds, const ComparisonPlan& plan);

/// A weighted sum of cells' scores, paired by prompt: all cells painted the same prompts from the same noise, so that
/// what prompts differ in drops out.   @throws UserError  cells of other prompts.
Difference compare_scores(const std::vector<WeightedScores>& sides);

}  // namespace emf
