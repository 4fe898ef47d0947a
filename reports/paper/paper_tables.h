// SPDX-License-Identifier: Apache-2.0
// The paper's own tables and figures as numbers, and what of a record answers to each.
#pragma once

#include "harness/base/json.h"

namespace emf {

/// reports/paper/emf_tables.json: {"source", "tables": [{"key", "suite"?, "place", "title", "data", "digits",
/// "columns": [{"title", "metric"?, "probe"?}], "rows": [{"label", "paper": [a value or null a column], "cell"?:
/// [encoder, objective, steps], "encoder"?}]}]}. "metric" begins with "main" where it is the suite's main one; a column
/// or a row without counterpart says nothing of ours.
/// @throws UserError(kMissing)  the tree has no such file.
const Json& paper_tables();

}  // namespace emf
