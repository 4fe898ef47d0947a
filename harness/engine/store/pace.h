// SPDX-License-Identifier: Apache-2.0
// How far a run's stages are and about how long the rest takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "harness/engine/store/stage_times.h"

namespace emf {

/// Where a run stands at one moment.
struct PaceNow {
  int64_t stages = 0, done = 0, failed = 0, at_work = 0;
  double seconds_left = 0;    ///< of the clock, as stages of this store and this run took so far
  bool some_unknown = false;  ///< stages are left whose like never ran: it takes longer than that

  /// "34/143 stages, 2 failed, 9 min left"; "over 9 min left" where some are unknown.
  std::string words() const;
  Json to_json() const;
};

/// Safe in any thread. Its own lock is the last that is taken.
class Pace {
 public:
  /// @param jobs      stages that run side by side.   @param pictures  that `sample` stages paint.
  /// @cost  one listing of the kinds of stages that are not finished.
  Pace(const std::vector<StagePointer>& stages, const std::filesystem::path& store, int jobs, int64_t pictures);

  void begin(const Stage& stage);
  /// @param worked  it was made now, and was not found finished.
  void finish(const Stage& stage, bool worked);
  void fail(const Stage& stage);
  /// It is made anew.
  void wait(const Stage& stage);

  PaceNow now();

 private:
  enum class State { kWaiting, kAtWork, kDone, kFailed };
  struct Entry {
    State state = State::kWaiting;
    StageSize size;
    std::vector<size_t> inputs;  ///< places in entries_
    std::chrono::steady_clock::time_point begun;
  };
  void set(const Stage& stage, State state);
  void estimate();

  std::mutex mutex_;
  StageTimes times_;
  int jobs_;
  std::map<const Stage*, size_t> places_;
  std::vector<Entry> entries_;  ///< in the run's order
  PaceNow estimate_;            ///< its times alone
  std::chrono::steady_clock::time_point estimated_;
};

}  // namespace emf
