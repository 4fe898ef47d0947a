// SPDX-License-Identifier: Apache-2.0
// When, where and with what a suite ran: never part of its result.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// "2026-11-26T19:39:07Z".
std::string utc_now();

/// emf.provenance/1: machine, placement, command line, seconds of every stage (of
/// skipped ones those of the run that made them).
Json gather_provenance(const SuiteGraph& graph, const std::vector<std::string>& words, const std::string& started);

/// This call's provenance behind those before it. Where it ran nothing, all but the list of calls is as it was.
/// @param file  of the record, which may be absent.
Json with_earlier_calls(Json provenance, const std::filesystem::path& file, int64_t stages_run, bool succeeded);

}  // namespace emf
