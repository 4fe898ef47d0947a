// Runs the stages of a suite: finished ones are skipped, independent ones run side by side, one failure spares the rest.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/run_store.h"

namespace emf {

/// One cacheable piece of work. Its folder's spec holds everything that changes its result, its inputs' hashes included.
struct Stage {
  std::string label;  ///< for people: "train llm mean_flow seed 0"
  std::shared_ptr<RunFolder> folder;
  std::vector<std::shared_ptr<Stage>> inputs;
  /// Does the work in one thread and returns the result (no times, no host). Facts of this run go into `provenance`.
  std::function<Json(const RunFolder& folder, Json& provenance)> work;

  const std::string& hash() const { return folder->hash(); }
};
using StagePointer = std::shared_ptr<Stage>;

struct ScheduleSummary {
  int finished = 0, skipped = 0;
  std::vector<Json> failed;  ///< {"stage","run","why"}
};

/// Runs stages in list order as their inputs finish, `jobs` at a time, each in a worker thread with one compute thread,
/// so that results do not depend on the number of cores.
///
/// @throws UserError(kInterrupted)  after SIGINT or a full disk; finished stages and checkpoints stay.
ScheduleSummary run_stages(const std::vector<StagePointer>& stages, int jobs);

}  // namespace emf
