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

/// The first stage whose inputs are all good; null when none is ready now. Stages behind a failure fail here.
StagePointer next_ready(Schedule& schedule, const std::vector<StagePointer>& stages, bool& all_settled) {
  all_settled = true;
  for (const StagePointer& stage : stages) {
    Progressing& state = schedule.state[stage.get()];
    if (state == Progressing::kRunning) all_settled = false;
    if (state != Progressing::kWaiting) continue;
    bool ready = true;
    for (const StagePointer& input : stage->inputs) {
      const Progressing input_state = schedule.state[input.get()];
      if (input_state == Progressing::kFailed) {
        state = Progressing::kFailed;
        schedule.summary.failed.push_back(
            {{"stage", stage->label}, {"run", stage->hash()}, {"why", "its input failed: " + input->label}});
        say("  skipped, input failed: " + stage->label);
        break;
      }
      ready = ready && input_state == Progressing::kGood;
    }
    if (state != Progressing::kWaiting) continue;
    all_settled = false;
    if (ready) return stage;
  }
  return nullptr;
}

/// @return true when the work was done now, false when it was found done.
bool run_one(const Stage& stage) {
  if (stage.folder->state() == StageState::kDone) return false;
  const StageLock lock(*stage.folder);
  if (stage.folder->state() == StageState::kDone) return false;
  stage.folder->begin();
  const auto start = std::chrono::steady_clock::now();
  Json provenance = describe_machine();
  const Json result = stage.work(*stage.folder, provenance);
  provenance["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stage.folder->finish(result, provenance);
  return true;
}

bool ends_everything(const UserError& error) {
  return error.code() == ExitCode::kInterrupted || error.code() == ExitCode::kMissing;
}

void work_loop(Schedule& schedule, const std::vector<StagePointer>& stages) {
  at::set_num_threads(1);
  std::unique_lock lock(schedule.mutex);
  while (!schedule.stop && !interrupted()) {
    bool all_settled = false;
    const StagePointer stage = next_ready(schedule, stages, all_settled);
    if (stage == nullptr) {
      if (all_settled) break;
      schedule.changed.wait_for(lock, std::chrono::milliseconds(200));
      continue;
    }
    schedule.state[stage.get()] = Progressing::kRunning;
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
      why = std::string("internal error: ") + error.what();
    }
    lock.lock();
    if (why.empty()) {
      schedule.state[stage.get()] = Progressing::kGood;
      ++(ran ? schedule.summary.finished : schedule.summary.skipped);
    } else {
      schedule.state[stage.get()] = Progressing::kFailed;
      if (stop) {
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
  if (schedule.stop) std::rethrow_exception(schedule.stop);
  if (interrupted()) stop_interrupted();
  return schedule.summary;
}

}  // namespace emf
