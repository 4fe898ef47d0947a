// SPDX-License-Identifier: Apache-2.0
// How sure the numbers of an answer set are, and how they differ from another's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/rules/answer_rule.h"
#include "harness/statistics/statistics.h"

namespace emf {

/// A number with its interval.
struct SureNumber {
  std::string name;
  double value = 0;
  std::optional<Interval> ci95;
  int64_t items = 0, clusters = 0;  ///< that add to it
};

/// Intervals of all numbers, prompts drawn with replacement.
std::vector<SureNumber> sure_numbers(const AnswerSet& set, const BootstrapOptions& options);

struct ComparedNumber {
  std::string name;
  double ours = 0, theirs = 0;  ///< over the items that both sets have
  Difference difference;        ///< ours less theirs
  double p_holm = 1;            ///< corrected over the numbers that are tested: those with an interval
  bool lower_is_better = false;
};

/// Two sets over the items that both have.
struct AnswerComparison {
  std::vector<ComparedNumber> numbers;                              ///< that both sets have
  std::vector<std::string> only_ours, only_theirs;                  ///< items
  std::vector<std::string> numbers_only_ours, numbers_only_theirs;  ///< names
  std::map<std::string, double> other_scores;                       ///< of common items, by id
  int64_t won = 0, lost = 0, tied = 0;                              ///< items
  size_t tested = 0;                                                ///< numbers
};

/// @throws UserError  sets of different variants, or of which no item, or no number, is common; an item that is of
///                    another prompt in the other set.
AnswerComparison compare_answers(const AnswerSet& ours, const AnswerSet& theirs, const BootstrapOptions& options);

}  // namespace emf
