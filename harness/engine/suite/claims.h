// SPDX-License-Identifier: Apache-2.0
// Do the sentences that a suite must show hold, and do they speak of what it measures?
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/engine/suite/comparison.h"
#include "harness/engine/suite/suite_file.h"

namespace emf {

/// What a claim may speak of.
struct ClaimEvidence {
  struct OfMetric {
    bool higher_is_better = true;
    CellScores items;  ///< of metrics that score pictures one by one; else empty
    /// Rows {"value", "ci95", ...} of metrics of whole sets, of several seeds all: by cell, then by what the value is
    /// called, the metric's own under "".
    std::map<std::string, std::map<std::string, std::vector<Json>>> sets;
  };
  std::map<std::string, OfMetric> metrics;  ///< by name, "geneval", "fd_lite0"
};

/// A verdict a claim, "left is better than factor times right" on its metric.
///
/// Metrics of items: "pass" when the 95 % interval of a paired bootstrap over prompts lies on the claimed side of zero,
/// "fail" when on the other, else "undecided" (also when a side was not run). Metrics of whole sets, which no prompt
/// pairs: by the two sides' own intervals, which must not overlap; "undecided" where one has none.
///
/// Behind a slash stands a part: of items a task ("geneval/counting"), of sets another value of the metric
/// ("precision_recall_lite0/recall_lite0").
Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims);

/// What a claim calls a value of a metric of whole sets: the part behind the metric's name and a slash, else all of it.
std::string value_part(const std::string& value, const std::string& metric);

struct SuiteGraph;  // suite_graph.h

/// Refuses claims about what the suite does not measure; where the command line chose other cells than the file, the
/// file's claims are left undecided and graph.notes says so.
/// @throws UserError  a cell, a metric or a part that there is none of, a distance at a step count that has none: file,
///   line, the nearest name.
void check_claims(SuiteGraph& graph);

}  // namespace emf
