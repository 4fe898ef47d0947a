// SPDX-License-Identifier: Apache-2.0
// The scores of a suite's cells: rows of its record, what is compared, and what claims are judged by.
#pragma once

#include "harness/engine/suite/claim_verdicts.h"
#include "harness/engine/suite/comparison.h"
#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// True for a stage that is there and has finished.
bool finished(const StagePointer& stage);

/// What every row of the record says of its cell: encoder, objective, steps, seed, run, and checkpoint where it is one.
Json cell_json(const Cell& cell);

/// Every metric's items and sets, of all cells that have finished, and every probe's values.
ClaimEvidence gather_evidence(const SuiteGraph& graph);

/// One row a value: of every cell and metric with its parts, network evaluations, ceilings, spreads over seeds.
/// @param seeds  of the main metric.
Json gather_rows(const SuiteGraph& graph, const SeedScores& seeds);

/// The main metric's score of every prompt, a cell and seed: what two records are compared by. Null where a prompt has
/// none; empty where the metric is of whole sets.
Json gather_items(const SuiteGraph& graph);

/// How straight every row's paths are; empty where the suite does not ask.
Json gather_trajectories(const SuiteGraph& graph);

/// The main metric's items of the pictures that samples/grid.png holds; null where it has none.
Json items_on_grid(const SuiteGraph& graph, const Cell& cell);

}  // namespace emf
