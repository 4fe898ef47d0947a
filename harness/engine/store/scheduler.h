// SPDX-License-Identifier: Apache-2.0
// Runs the stages of a suite: finished ones are skipped, independent ones run side
// by side, one failure spares the rest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/engine/store/stage.h"

namespace emf {

struct ScheduleSummary {
  int finished = 0, skipped = 0;
  std::vector<Json> failed;   ///< {"stage","run","why"}
  std::vector<Json> damaged;  ///< {"stage","run","file","what","aside"}: found, moved aside and made anew
};

/// What is done about a stored stage that is not what was written.
enum class DamagePolicy {
  kRedo,  ///< say so, move it aside, make it anew
  kStop   ///< say so and change nothing
};

/// What a run tells of how far it is.
struct TalkOfRun {
  int64_t pictures = 0;        ///< that its `sample` stages paint, as StageSize has it
  std::filesystem::path file;  ///< rewritten as stages end, at most once a second (PaceNow, "at"); "" = none
};

/// "redo" or "stop".
DamagePolicy damage_policy(const std::string& word);

/// Runs stages in list order as their inputs finish and what they come after is settled, `jobs` at a time, each in a
/// worker thread with one compute thread, so that results do not depend on the number of cores.
///
/// A finished stage is checked against its manifest before it counts as found; tensors that were removed since are
/// missed only where a stage has still to read them. Stages that layouts before 3 finished carry no digests: they are
/// moved aside and made anew.
///
/// @param run  what is told of it meanwhile.
/// @throws UserError(kInterrupted)  after SIGINT or a full disk; finished stages and checkpoints stay.
/// @throws UserError  a damaged stage under DamagePolicy::kStop.
ScheduleSummary run_stages(const std::vector<StagePointer>& stages, int jobs, DamagePolicy policy = DamagePolicy::kRedo,
                           const TalkOfRun& run = {});

}  // namespace emf
