// Runs the stages of a suite: finished ones are skipped, independent ones run side
// by side, one failure spares the rest.
#pragma once

#include <string>
#include <vector>

#include "harness/engine/store/stage.h"

namespace emf {

struct ScheduleSummary {
  int finished = 0, skipped = 0;
  std::vector<Json> failed;  ///< {"stage","run","why"}
};

/// Runs stages in list order as their inputs finish and what they come after is settled, `jobs` at a time, each in a
/// worker thread with one compute thread, so that results do not depend on the number of cores.
///
/// @throws UserError(kInterrupted)  after SIGINT or a full disk; finished stages and checkpoints stay.
ScheduleSummary run_stages(const std::vector<StagePointer>& stages, int jobs);

}  // namespace emf
