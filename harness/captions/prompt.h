// SPDX-License-Identifier: Apache-2.0
// What text says, without a picture.
#pragma once

#include <string>

#include "harness/base/json.h"

namespace emf {

struct Prompt {
  std::string text;  ///< UTF-8
  Json labels;       ///< structured facts, a line of GenEval's evaluation_metadata.jsonl (tag, include, exclude),
                     ///< or of a composition (composition.h); null for free text
};

}  // namespace emf
