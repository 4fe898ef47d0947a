// SPDX-License-Identifier: Apache-2.0
// One metric of a record as a paper lays it out: a LaTeX table to \input.
#pragma once

#include <string>

#include "harness/api/section.h"

namespace emf {

/// A table environment with caption and label: a row an encoder, a column a step count, value and 95 % interval in a
/// cell. Several objectives stand side by side as groups of columns where they fit a page, else as blocks of rows, with
/// the scores of real pictures beneath. The best value of each column of an objective is bold; the caption says how
/// often another interval overlaps with its. Over several seeds a cell holds the mean and the standard deviation.
/// Digits are those that the intervals leave room for. It wants \usepackage{booktabs} and nothing else.
///
/// @param metric  "" for the record's main metric.
/// @throws UserError  the record has no row of the metric (names those it has).
std::string latex_scores(const SectionInput& input, const std::string& metric = "");

}  // namespace emf
