// SPDX-License-Identifier: Apache-2.0
// Which trained row a word on the command line means.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/json.h"
#include "harness/engine/suite/suite_graph.h"
#include "harness/tensor/placement.h"

namespace emf {

/// A row of some suite's record.
struct FoundRow {
  Json record, row;  ///< result.json, and the row among its budgets
  std::string name;  ///< SUITE/ENCODER/OBJECTIVE/SEED
};

/// Finds a row by the start of its run's hash, or as SUITE/ENCODER/OBJECTIVE[/SEED]; of several records the newest.
/// @throws UserError  none (offers the nearest); kMissing: no suite has run.
FoundRow find_row(const std::filesystem::path& store, const std::string& wanted);

/// Likewise in one record, where the suite's name may be left out.
FoundRow find_row_of(const Json& record, const std::string& wanted);

/// The suite's stages as its record's configuration makes them, but placed as this command is and not as the run was.
SuiteGraph graph_of(const Json& record, const std::filesystem::path& store, const Placement& placement = {});

/// The row of the graph, whose stages must be those that trained the record's row.   @throws UserError  they are not.
const Row& trained_row(const SuiteGraph& graph, const FoundRow& found);

}  // namespace emf
