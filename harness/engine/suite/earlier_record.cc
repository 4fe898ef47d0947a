// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/earlier_record.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/engine/store/damage.h"

namespace emf {

void note_absent_stages(const SuiteGraph& graph, const RunFolder& record) {
  if (record.state() != StageState::kDone) return;
  const auto absent = std::count_if(graph.stages.begin(), graph.stages.end(), [](const StagePointer& stage) {
    return stage->folder->state() == StageState::kAbsent;
  });
  if (absent == 0) return;
  say(
      fmt::format("note: {} has finished before, and {} of its {} stages are not in {} any more (removed, or copied in "
                  "part): made anew",
                  graph.spec.name, absent, graph.stages.size(), graph.store.string()));
}

bool set_damaged_aside(const RunFolder& record, DamagePolicy policy) {
  if (record.state() != StageState::kDone) return false;
  try {
    require_sound(record, CheckDepth::kHere);
    return false;
  } catch (const DamagedStage& error) {
    const std::string what = describe_damage(record.name(), error.damage());
    if (policy == DamagePolicy::kStop)
      fail_input("{}; nothing was changed. With --damaged redo it is moved aside and gathered anew", what);
    say(fmt::format("  DAMAGED {}; moved to {}, gathered anew", what, set_aside(record, what).string()));
    return true;
  }
}

}  // namespace emf
