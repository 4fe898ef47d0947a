// SPDX-License-Identifier: Apache-2.0
// Runs a suite and gathers its stages' results into one record.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/engine/store/scheduler.h"
#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// Where a finished suite lies.
struct SuiteOutcome {
  std::shared_ptr<RunFolder> folder;  ///< <store>/runs/suite/<hash>: result.json, provenance.json
  ScheduleSummary summary;
};

/// Loads the tokenizer, and so finds the weights file, of every encoder that has still to encode: a missing or damaged
/// file is one line before anything runs, not a failed stage later.   @throws UserError  as Encoder::prepare.
void require_encoders(const SuiteGraph& graph);

/// Runs every stage that is not finished, then writes the suite's result.json (no time, host or memory in it: equal
/// suites give equal bytes) and provenance.json.   @param policy  as run_stages.
SuiteOutcome run_suite(const SuiteGraph& graph, int jobs, const std::vector<std::string>& words,
                       DamagePolicy policy = DamagePolicy::kRedo);

/// The suite's record from its finished stages. Cells of failed stages carry a null value with the reason.
/// @throws UserError  rows whose picture budgets differ: they cannot be compared.
Json gather_result(const SuiteGraph& graph, const ScheduleSummary& summary);

/// The folder a graph's record goes to.
std::shared_ptr<RunFolder> suite_folder(const SuiteGraph& graph);

}  // namespace emf
