// SPDX-License-Identifier: Apache-2.0
// emfbench score mean: the mean of a judge's numbers, whoever the judge is.
#pragma once

#include "harness/command/score_answers.h"
#include "harness/rules/column_mean.h"

namespace emf {

struct MeanOptions {
  AnswerOptions scored;
  ColumnMean columns;

  bool chosen() const { return scored.chosen(); }
};

/// Adds the subcommand `mean` to `score`.
void declare_mean(const Flags& score, MeanOptions& options);

/// @throws UserError  files missing or malformed, no such column (names file and line).
ExitCode score_mean(const MeanOptions& options, const CommonFlags& flags);

}  // namespace emf
