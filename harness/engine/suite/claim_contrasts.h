// SPDX-License-Identifier: Apache-2.0
// Which cells a claim is about: what its sentence leaves open, filled in from its table and the suite.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/engine/suite/suite_file.h"

namespace emf {

/// What cells are made of.
struct ClaimAxes {
  std::vector<std::string> encoders, objectives;  ///< as cells have them ("mean_flow+wide")
  std::vector<std::string> steps;                 ///< "1", and "1@4096" of a checkpoint
  std::vector<std::string> references;            ///< "ceiling", "chance": cells that are no row's
};

/// A weighted sum of cells that is claimed to lie above a threshold.
struct Contrast {
  std::string encoder;  ///< that was filled in; "" = the sentence says its own
  std::string label;    ///< what was filled in: "llm, 1 step"; "" = nothing
  std::vector<ClaimTerm> terms;
  double threshold = 0;
};

/// What a claim says that cannot be judged.
struct ClaimFault {
  const char* key;                 ///< of the claim's table
  std::string what;                ///< "'a/b/1', which is no cell of this suite"
  std::string name;                ///< that is not there
  std::vector<std::string> known;  ///< what is there instead
};

/// Every comparison that the claim makes; of a correlation the cells of each encoder, one contrast each.
/// @param fault  set where a name is none of the suite's, or where the claim leaves open which of several is meant.
std::vector<Contrast> contrasts_of(const Claim& claim, const ClaimAxes& axes, std::optional<ClaimFault>& fault);

}  // namespace emf
