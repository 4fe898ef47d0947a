// SPDX-License-Identifier: Apache-2.0
// What is found where a suite's record is about to be written: an earlier one, whole or not.
#pragma once

#include "harness/engine/store/scheduler.h"
#include "harness/engine/suite/suite_graph.h"

namespace emf {

/// Says so where the record has finished before and its stages are gone: a store that was removed or copied in part.
void note_absent_stages(const SuiteGraph& graph, const RunFolder& record);

/// A record that is not what was written is kept aside for whoever wants to see it. Whoever calls holds its lock.
/// @return  true when it was moved.   @throws UserError  under DamagePolicy::kStop.
bool set_damaged_aside(const RunFolder& record, DamagePolicy policy);

}  // namespace emf
