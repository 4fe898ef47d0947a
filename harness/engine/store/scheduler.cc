// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/scheduler.h"
#include "harness/base/lack.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/machine.h"
#include "harness/engine/store/pace.h"

namespace emf {
namespace {

/// A stage that is damaged again so often right after it was made has a disk that does not keep what is written.
constexpr int kMostRemade = 2;

enum class Progressing { kWaiting, kRunning, kGood, kFailed };

/// State shared by the workers, guarded by `mutex`.
struct Schedule {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<const Stage*, Progressing> state;
  std::map<const Stage*, int> remade;
  std::map<const Stage*, DamagedStage> damaged;  ///< to be moved aside as soon as nobody reads them
  std::map<std::string, int> other_machines;     ///< finished stages that were found, by what else they were made with
  ScheduleSummary summary;
  std::exception_ptr stop;  ///< an error that ends the whole run
  Pace* pace = nullptr;
};

/// True where a stage reads another, or something that was made of it.
bool reads(const Stage& stage, const Stage* other) {
  return std::any_of(stage.inputs.begin(), stage.inputs.end(),
                     [&](const StagePointer& input) { return input.get() == other || reads(*input, other); });
}

/// A damaged stage stays where it is while another that passed its checks before still reads it.
bool is_being_read(Schedule& schedule, const std::vector<StagePointer>& stages, const Stage* damaged) {
  return std::any_of(stages.begin(), stages.end(), [&](const StagePointer& stage) {
    return schedule.state[stage.get()] == Progressing::kRunning && reads(*stage, damaged);
  });
}

/// The first stage whose inputs are all good and whose predecessors are settled; null when none is ready now. Stages
/// behind a failure fail here.
StagePointer next_ready(Schedule& schedule, const std::vector<StagePointer>& stages, bool& all_settled) {
  // The list has inputs before what reads them, so one pass from the front carries a failure all the way down.
  all_settled = true;
  for (const StagePointer& stage : stages) {
    Progressing& state = schedule.state[stage.get()];
    // What waits for a running stage may still become ready, so this worker must not go home.
    if (state == Progressing::kRunning) all_settled = false;
    if (state != Progressing::kWaiting) continue;
    bool ready = true;
    for (const StagePointer& input : stage->inputs) {
      const Progressing input_state = schedule.state[input.get()];
      if (input_state == Progressing::kFailed) {
        // It counts as failed itself, so that what stands behind it is skipped in the same pass, each stage
        // under its own name.
        state = Progressing::kFailed;
        schedule.summary.failed.push_back(
            {{"stage", stage->label}, {"run", stage->hash()}, {"why", "its input failed: " + input->label}});
        schedule.pace->fail(*stage);
        say("  skipped, input failed: " + stage->label);
        break;
      }
      ready = ready && input_state == Progressing::kGood;
    }
    // `state` is a reference, and the loop above may just have failed it.
    if (state != Progressing::kWaiting) continue;
    for (const StagePointer& earlier : stage->after) {
      // Settled in either way: whoever only comes later does the work alone where the earlier one could not.
      const Progressing earlier_state = schedule.state[earlier.get()];
      ready = ready && (earlier_state == Progressing::kGood || earlier_state == Progressing::kFailed);
    }
    all_settled = false;
    if (schedule.damaged.count(stage.get()) > 0) ready = ready && !is_being_read(schedule, stages, stage.get());
    if (ready) return stage;
  }
  return nullptr;
}

bool is_unsealed(const Stage& stage) { return stage.folder->state() == StageState::kUnsealed; }

/// @return true when the work was done now, false when it was found done.
/// @throws DamagedStage  this stage or one that it reads is not what was written.
bool run_one(const Stage& stage) {
  // Asked before the lock is taken: what is finished can then be used from a store that may not be written to.
  if (stage.done()) {
    require_sound(*stage.folder, CheckDepth::kHere);
    return false;
  }
  // Before anything is begun: an input that is damaged is made anew first.
  for (const StagePointer& input : stage.inputs) require_sound(*input->folder, CheckDepth::kWhole);
  std::optional<StageLock> lock(std::in_place, *stage.folder, stage.label);
  if (is_unsealed(stage)) {
    const auto aside = set_aside(*stage.folder, "made before stages carried digests");
    say(fmt::format("  {} has no digests (older layout): moved to {}, made anew", stage.folder->name(),
                    aside.string()));
    lock.emplace(*stage.folder);
  }
  // Another process may have finished the stage while this one waited for the lock.
  if (stage.done()) {
    require_sound(*stage.folder, CheckDepth::kHere);
    return false;
  }
  stage.folder->begin();
  const auto start = std::chrono::steady_clock::now();
  // Made before the work, which may add what is no part of the result, such as seconds a picture.
  Json provenance = describe_machine();
  const Json result = stage.work(*stage.folder, provenance);
  provenance["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stage.folder->finish(result, provenance, stage.passing);
  std::error_code ignored;  // it stays, and `store gc` shows it
  for (const std::string& name : stage.passing) std::filesystem::remove(stage.folder->file(name), ignored);
  return true;
}

/// True where a finished stage is sound after all: another process made it anew in the meantime.
bool is_sound_now(const RunFolder& folder) {
  const FolderCheck check = check_folder(folder.path(), sealed_mark(folder.path()), folder.sealed_as());
  return check.damage.empty() && check.cleaned.empty();
}

/// Moves a damaged stage aside, unless another process was quicker.
/// @return  what a summary says of it; null where nothing was moved.
Json make_way(const Stage& stage, const DamagedStage& error) {
  const StageLock lock(*stage.folder);
  // Shards are looked at here, too: a text that was found damaged is in no other check.
  if (stage.done() && is_sound_now(*stage.folder)) {
    forget_checks();
    return nullptr;
  }
  const std::string what = describe_damage(stage.folder->name(), error.damage());
  std::error_code absent;
  const bool cleaned = std::filesystem::exists(stage.folder->file(kCleaned), absent);
  const std::string aside = set_aside(*stage.folder, what).string();
  const std::string line =
      fmt::format("  {} {} ({}); moved to {}, made anew", cleaned ? "CLEANED" : "DAMAGED", what, stage.label, aside);
  cleaned ? say(line) : complain(line);
  return {{"stage", stage.label},
          {"run", stage.hash()},
          {"file", error.damage().file},
          {"what", error.damage().what},
          {"aside", aside}};
}

/// Lets a stage and the one that found it damaged, or gone, run again.
/// @throws UserError  it happened too often.
void run_again(Schedule& schedule, const StagePointer& finder, const Stage* lost, const std::string& what) {
  if (++schedule.remade[lost] > kMostRemade) {
    fail_input("{} ({}), again right after it was made anew; is the disk sound?", what, lost->label);
  }
  // One that is at work was begun anew by another thread already.
  Progressing& state = schedule.state[lost];
  if (state != Progressing::kRunning) {
    state = Progressing::kWaiting;
    schedule.pace->wait(*lost);
  }
  schedule.state[finder.get()] = Progressing::kWaiting;
  schedule.pace->wait(*finder);
}

/// What is done about a damaged stage of the list, under the schedule's mutex.
void plan_anew(Schedule& schedule, const std::vector<StagePointer>& stages, const StagePointer& finder,
               const DamagedStage& error, DamagePolicy policy) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const StagePointer& stage) { return stage->folder->path() == error.folder(); });
  ensure(found != stages.end(), "{} reads {}, which is none of its run's stages", finder->label,
         error.folder().string());
  const Stage* damaged = found->get();
  const std::string what = describe_damage(damaged->folder->name(), error.damage());
  if (policy == DamagePolicy::kStop) {
    fail_input("{} ({}); nothing was changed. With --damaged redo it is moved aside and made anew", what,
               damaged->label);
  }
  schedule.damaged.try_emplace(damaged, error);
  run_again(schedule, finder, damaged, what);
}

/// A finished stage that the failed one reads and that is not there any more: another process found it damaged.
const Stage* lost_input(const Stage& stage) {
  for (const StagePointer& input : stage.inputs) {
    if (!input->done()) return input.get();
    if (const Stage* further = lost_input(*input)) return further;
  }
  return nullptr;
}

/// Counts what was found finished and made with other instructions or another LibTorch.
void note_machine(Schedule& schedule, const Stage& stage) {
  const std::string made_with = other_machine(stage.folder->provenance());
  if (!made_with.empty()) ++schedule.other_machines[made_with];
}

bool ends_everything(const UserError& error) {
  // An interruption is meant for the whole run. Absent weights would fail one stage after the other, each after
  // the work that led to it.
  return error.code() == ExitCode::kInterrupted || error.code() == ExitCode::kMissing;
}

/// The file that another terminal reads how far this run is from.
class ToldFile {
 public:
  explicit ToldFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// Under the schedule's mutex.
  void write(const PaceNow& now) {
    if (path_.empty()) return;
    const auto at = std::chrono::system_clock::now();
    if (at - written_ < std::chrono::seconds(1)) return;
    written_ = at;
    Json told = now.to_json();
    told["at"] = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    try {
      write_json(path_, told);
    } catch (const UserError&) {  // a full disk ends stages, and says so there
    }
  }

 private:
  std::filesystem::path path_;
  std::chrono::system_clock::time_point written_;
};

void work_loop(Schedule& schedule, const std::vector<StagePointer>& stages, DamagePolicy policy, ToldFile& told) {
  // One core a stage, because stages are many and alike and threads inside each would wait for those of the
  // others. Sums then have one order, so no result depends on --jobs. Said in each worker, because OpenMP keeps
  // the number by thread.
  at::set_num_threads(1);
  std::unique_lock lock(schedule.mutex);
  while (!schedule.stop && !interrupted()) {
    bool all_settled = false;
    const StagePointer stage = next_ready(schedule, stages, all_settled);
    if (stage == nullptr) {
      if (all_settled) break;
      // With a limit, because a signal wakes no condition variable.
      schedule.changed.wait_for(lock, std::chrono::milliseconds(200));
      continue;
    }
    schedule.state[stage.get()] = Progressing::kRunning;
    schedule.pace->begin(*stage);
    std::optional<DamagedStage> aside;  // what has to make way before the work
    if (const auto found = schedule.damaged.find(stage.get()); found != schedule.damaged.end()) {
      aside = found->second;
      schedule.damaged.erase(found);
    }
    // The work itself must not hold the mutex, or stages would run one after the other.
    lock.unlock();
    std::string why;
    bool ran = false;
    std::exception_ptr stop;
    std::optional<DamagedStage> damaged;
    Json moved;
    try {
      if (aside) moved = make_way(*stage, *aside);
      ran = run_one(*stage);
    } catch (const DamagedStage& error) {
      damaged = error;
    } catch (const UserError& error) {
      why = error.what();
      if (ends_everything(error)) stop = std::current_exception();
    } catch (const std::exception& error) {
      // A broken invariant ends its own stage only. Hours of the others' work are kept, and the run ends with
      // this message.
      const auto lack = lack_of(error);
      why = lack ? *lack : std::string("internal error: ") + error.what();
    }
    lock.lock();
    if (!moved.is_null()) schedule.summary.damaged.push_back(moved);
    const Stage* lost = why.empty() || damaged ? nullptr : lost_input(*stage);
    if (damaged || lost != nullptr) {
      try {
        if (damaged) plan_anew(schedule, stages, stage, *damaged, policy);
        if (lost != nullptr) run_again(schedule, stage, lost, lost->folder->name() + " is gone");
      } catch (const std::exception&) {
        schedule.state[stage.get()] = Progressing::kFailed;
        schedule.stop = std::current_exception();
      }
    } else if (why.empty()) {
      schedule.state[stage.get()] = Progressing::kGood;
      schedule.pace->finish(*stage, ran);
      ++(ran ? schedule.summary.finished : schedule.summary.skipped);
      if (!ran) note_machine(schedule, *stage);
    } else {
      schedule.state[stage.get()] = Progressing::kFailed;
      if (stop) {
        // The stage gets no mark of failure: nothing is wrong with it, and the same command goes on from its
        // checkpoint.
        schedule.stop = stop;
      } else {
        schedule.pace->fail(*stage);
        // Said where it is quiet, too: with what stands behind it left out, each failure once.
        complain("  FAILED " + stage->label + ": " + why);
        schedule.summary.failed.push_back({{"stage", stage->label}, {"run", stage->hash()}, {"why", why}});
        try {
          stage->folder->fail(why);
        } catch (const UserError&) {  // not even that could be written
          schedule.stop = std::current_exception();
        }
      }
    }
    told.write(schedule.pace->now());
    schedule.changed.notify_all();
  }
  schedule.changed.notify_all();
}

}  // namespace

DamagePolicy damage_policy(const std::string& word) {
  if (word != "redo" && word != "stop") fail_input("--damaged is redo or stop, not '{}'", word);
  return word == "redo" ? DamagePolicy::kRedo : DamagePolicy::kStop;
}

ScheduleSummary run_stages(const std::vector<StagePointer>& stages, int jobs, DamagePolicy policy,
                           const TalkOfRun& run) {
  Schedule schedule;
  Pace pace(stages, stages.empty() ? "" : stages.front()->folder->store(), jobs, run.pictures);
  schedule.pace = &pace;
  ToldFile told(run.file);
  told.write(pace.now());
  for (const StagePointer& stage : stages) schedule.state[stage.get()] = Progressing::kWaiting;
  std::vector<std::thread> workers;
  for (int i = 0; i < jobs; ++i) workers.emplace_back([&] { work_loop(schedule, stages, policy, told); });
  {
    LiveLine line([&] { return "  " + pace.now().words(); }, {.shown_after_s = 1, .last = true});
    for (std::thread& worker : workers) worker.join();
  }
  // Only when every worker has come to rest, so that no thread outlives what its stage refers to.
  if (schedule.stop) std::rethrow_exception(schedule.stop);
  // The signal may have fallen between two stages, where no stage threw because of it.
  if (interrupted()) stop_interrupted();
  for (const auto& [made_with, count] : schedule.other_machines) {
    say(
        fmt::format("note: {} finished stages were made with {}, this process has {}: last bits may differ from those "
                    "of stages made here",
                    count, made_with, machine_kind()));
  }
  return schedule.summary;
}

}  // namespace emf
