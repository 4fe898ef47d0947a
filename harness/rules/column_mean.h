// SPDX-License-Identifier: Apache-2.0
// The mean of a column: what a judge that no benchmark's rule knows of wrote down a picture (CLIP score, ImageReward,
// PickScore, HPS).
#pragma once

#include <memory>
#include <string>

#include "harness/rules/answer_rule.h"

namespace emf {

/// Which columns of a CSV file, or keys of JSON Lines, say what. A key may lead into objects: "scores.clip".
struct ColumnMean {
  std::string column;   ///< the judge's number; higher is better unless `lower_is_better`
  std::string cluster;  ///< the prompt: pictures of one move together; "" = each line is a prompt of its own
  std::string id;       ///< what is paired with the other model's; "" = the prompt and its n-th picture
  std::string group;    ///< a number for each of its values, too; "" = none
  bool lower_is_better = false;
};

/// A rule that is in no registry: it takes .csv, .tsv (tabs), .jsonl and .json (a list of objects) files, several as
/// one. Lines without a number (absent, null, empty, NaN) are left out and counted.
std::unique_ptr<AnswerRule> column_mean_rule(ColumnMean columns);

}  // namespace emf
