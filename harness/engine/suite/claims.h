// Do the sentences that a suite must show hold? LibTorch-free.
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
    /// Rows {"value", "ci95", ...} of metrics of whole sets, by cell; of several seeds all.
    std::map<std::string, std::vector<Json>> sets;
  };
  std::map<std::string, OfMetric> metrics;  ///< by name, "geneval", "fd_lite0"
};

/// A verdict a claim, "left is better than factor times right" on its metric.
///
/// Metrics of items: "pass" when the 95 % interval of a paired bootstrap over prompts lies on the claimed side of zero,
/// "fail" when on the other, else "undecided" (also when a side was not run). Metrics of whole sets, which no prompt
/// pairs: by the two sides' own intervals, which must not overlap; "undecided" where one has none.
Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims);

}  // namespace emf
