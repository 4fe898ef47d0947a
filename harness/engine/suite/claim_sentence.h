// SPDX-License-Identifier: Apache-2.0
// What the sentence of a claim says, brought to one side: "mean_flow > flow_matching", "a - b > 0.5 * c",
// "discriminability ~ mean_flow".
#pragma once

#include <string>
#include <vector>

namespace emf {

/// A weight times a cell in the sentence's words ("mean_flow", "llm/mean_flow/1", "ceiling").
struct ClaimTerm {
  double weight = 1;
  std::string cell;
};

struct ClaimSentence {
  std::vector<ClaimTerm> terms;  ///< their sum is claimed to lie above `threshold`; each cell stands once
  double threshold = 0;
  std::string probe;  ///< of a correlation: what goes along with the one term; "" = a comparison

  bool correlates() const { return !probe.empty(); }
};

/// Sums and differences of cells and numbers, products of a number and one of these, brackets; two such sides with > or
/// < between them, or a probe ("NAME" or "NAME/MODE"), ~ and a cell. Words and signs are set apart by spaces, because
/// names may hold signs.
/// @param where  for messages.
/// @throws UserError  anything else: what was expected where.
ClaimSentence parse_claim(const std::string& text, const std::string& where);

}  // namespace emf
