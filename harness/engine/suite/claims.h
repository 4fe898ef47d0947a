// SPDX-License-Identifier: Apache-2.0
// Do the sentences that a suite must show speak of what it measures?
#pragma once

#include "harness/engine/suite/claim_contrasts.h"

namespace emf {

struct SuiteGraph;  // suite_graph.h

/// What the suite's cells are made of.
ClaimAxes claim_axes(const SuiteGraph& graph);

/// Refuses claims about what the suite does not measure; where the command line chose other cells than the file, the
/// file's claims are left undecided and graph.notes says so.
/// @throws UserError  a cell, a metric or a part that there is none of, a distance at a step count that has none: file,
///   line, the nearest name.
void check_claims(SuiteGraph& graph);

}  // namespace emf
