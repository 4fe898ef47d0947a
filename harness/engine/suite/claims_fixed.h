// SPDX-License-Identifier: Apache-2.0
// What a suite claimed when it first ran in a store: whether its claims stood before its scores were known.
#pragma once

#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// Writes the claims of a suite's first run into <store>/claims/SUITE.json, beside how many of its scores were there by
/// then; later runs leave that file alone. A suite without claims writes nothing.
/// @return  null without claims; else {"hash", "written", "scores_known"} of the first run, for the provenance, and
///   "first" with that run's claims where today's are others.
/// @throws UserError  a file that is there and holds something else.
Json fix_claims(const SuiteGraph& graph);

}  // namespace emf
