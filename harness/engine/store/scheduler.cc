#include "harness/engine/store/scheduler.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/store/machine.h"

namespace emf {
namespace {

enum class Progressing { kWaiting, kRunning, kGood, kFailed };

/// State shared by the workers, guarded by `mutex`.
struct Schedule {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<const Stage*, Progressing> state;
  ScheduleSummary summary;
  std::exception_ptr stop;  ///< an error that ends the whole run
};

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
    if (ready) return stage;
  }
  return nullptr;
}

/// @return true when the work was done now, false when it was found done.
bool run_one(const Stage& stage) {
  // Asked before the lock is taken: what is finished can then be used from a store that may not be written to.
  if (stage.folder->state() == StageState::kDone) return false;
  const StageLock lock(*stage.folder);
  // Another process may have finished the stage while this one waited for the lock.
  if (stage.folder->state() == StageState::kDone) return false;
  stage.folder->begin();
  const auto start = std::chrono::steady_clock::now();
  // Made before the work, which may add what is no part of the result, such as seconds a picture.
  Json provenance = describe_machine();
  const Json result = stage.work(*stage.folder, provenance);
  provenance["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stage.folder->finish(result, provenance);
  if (stage.tidy) stage.tidy(*stage.folder);
  return true;
}

bool ends_everything(const UserError& error) {
  // An interruption is meant for the whole run. Absent weights would fail one stage after the other, each after
  // the work that led to it.
  return error.code() == ExitCode::kInterrupted || error.code() == ExitCode::kMissing;
}

void work_loop(Schedule& schedule, const std::vector<StagePointer>& stages) {
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
    // The work itself must not hold the mutex, or stages would run one after the other.
    lock.unlock();
    std::string why;
    bool ran = false;
    std::exception_ptr stop;
    try {
      ran = run_one(*stage);
    } catch (const UserError& error) {
      why = error.what();
      if (ends_everything(error)) stop = std::current_exception();
    } catch (const std::exception& error) {
      // A broken invariant ends its own stage only. Hours of the others' work are kept, and the run ends with
      // this message.
      why = std::string("internal error: ") + error.what();
    }
    lock.lock();
    if (why.empty()) {
      schedule.state[stage.get()] = Progressing::kGood;
      ++(ran ? schedule.summary.finished : schedule.summary.skipped);
    } else {
      schedule.state[stage.get()] = Progressing::kFailed;
      if (stop) {
        // The stage gets no mark of failure: nothing is wrong with it, and the same command goes on from its
        // checkpoint.
        schedule.stop = stop;
      } else {
        say("  FAILED " + stage->label + ": " + why);
        schedule.summary.failed.push_back({{"stage", stage->label}, {"run", stage->hash()}, {"why", why}});
        try {
          stage->folder->fail(why);
        } catch (const UserError&) {  // not even that could be written
          schedule.stop = std::current_exception();
        }
      }
    }
    schedule.changed.notify_all();
  }
  schedule.changed.notify_all();
}

}  // namespace

ScheduleSummary run_stages(const std::vector<StagePointer>& stages, int jobs) {
  Schedule schedule;
  for (const StagePointer& stage : stages) schedule.state[stage.get()] = Progressing::kWaiting;
  std::vector<std::thread> workers;
  for (int i = 0; i < jobs; ++i) workers.emplace_back([&] { work_loop(schedule, stages); });
  for (std::thread& worker : workers) worker.join();
  // Only when every worker has come to rest, so that no thread outlives what its stage refers to.
  if (schedule.stop) std::rethrow_exception(schedule.stop);
  // The signal may have fallen between two stages, where no stage threw because of it.
  if (interrupted()) stop_interrupted();
  return schedule.summary;
}

}  // namespace emf
