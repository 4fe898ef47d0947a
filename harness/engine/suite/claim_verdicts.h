// SPDX-License-Identifier: Apache-2.0
// Do the sentences that a suite must show hold?
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/engine/suite/claim_contrasts.h"
#include "harness/engine/suite/comparison.h"

namespace emf {

/// What a claim may speak of.
struct ClaimEvidence {
  struct OfMetric {
    bool higher_is_better = true;
    CellScores items;  ///< of metrics that score pictures one by one; else empty
    SeedScores seeds;  ///< the same of each training seed
    /// Rows {"value", "ci95", ...} of metrics of whole sets, of several seeds all: by cell, then by what the value is
    /// called, the metric's own under "".
    std::map<std::string, std::map<std::string, std::vector<Json>>> sets;
  };
  std::map<std::string, OfMetric> metrics;  ///< by name, "geneval", "fd_lite0"
  /// Values of probes by "NAME" and "NAME/MODE", then by encoder.
  std::map<std::string, std::map<std::string, double>> probes;
};

/// A verdict a claim: is its weighted sum of cells above its threshold, in all of the comparisons that it makes?
///
/// Metrics of items: by the 95 % interval of a paired bootstrap over prompts; where every row was trained with two
/// seeds or more, the variance of the sum over seeds is added to that of prompts (Student's t, degrees of freedom by
/// Satterthwaite). "pass" when all of the interval lies above, "fail" when below, else "undecided" (also when a side
/// was not run), with what would decide: how many prompts, or how many seeds, if the difference stays what it is. Of
/// several comparisons each must hold with p corrected by Holm; one that is refuted refutes the claim.
///
/// Metrics of whole sets, which no prompt pairs: by the cells' own intervals; "undecided" where one has none.
///
/// Correlations: of ranks over encoders, whose seeds are averaged first; partial where the claim says what is given;
/// the interval is Fisher's, with the variance of Fieller et al. for ranks.
///
/// Behind a slash of the metric stands a part: of items a task ("geneval/counting"), of sets another value of the
/// metric ("precision_recall_lite0/recall_lite0").
/// @return  [{"name", "metric", "claim", "verdict", "detail", "difference"?, "ci95"?, "p"?, "comparisons"?: [{"label",
///   "difference", "ci95", "p", "verdict", "detail"}]}]
Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims, const ClaimAxes& axes);

/// "geneval/counting" as the metric and its part; the part is "" where there is none.
std::pair<std::string, std::string> metric_and_part(const std::string& metric);

/// What a claim calls a value of a metric of whole sets: the part behind the metric's name and a slash, else all of it.
std::string value_part(const std::string& value, const std::string& metric);

}  // namespace emf
