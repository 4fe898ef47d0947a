// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/pace.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/progress.h"

namespace emf {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string PaceNow::words() const {
  std::string text = fmt::format("{}/{} stages", done, stages);
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (done + failed == stages) return text;
  // Of nothing but unknown stages there is no time to speak of.
  if (seconds_left >= 1 || !some_unknown) {
    text += fmt::format(", {}{} left", some_unknown ? "over " : "", time_words(std::max(1.0, seconds_left)));
  }
  return text;
}

Json PaceNow::to_json() const {
  return {{"stages", stages},
          {"done", done},
          {"failed", failed},
          {"at_work", at_work},
          {"seconds_left", seconds_left},
          {"some_unknown", some_unknown}};
}

Pace::Pace(const std::vector<StagePointer>& stages, const std::filesystem::path& store, int jobs, int64_t pictures)
    : times_(store), jobs_(std::max(1, jobs)) {
  for (const StagePointer& stage : stages) {
    Entry entry;
    entry.size = size_of_stage(*stage, pictures);
    for (const StagePointer& input : stage->inputs) {
      if (const auto place = places_.find(input.get()); place != places_.end()) entry.inputs.push_back(place->second);
    }
    // Read now, and not by whoever asks with other locks held.
    if (!stage->done()) times_.seconds(entry.size);
    places_[stage.get()] = entries_.size();
    entries_.push_back(std::move(entry));
  }
}

void Pace::set(const Stage& stage, State state) {
  if (const auto place = places_.find(&stage); place != places_.end()) entries_[place->second].state = state;
}

void Pace::begin(const Stage& stage) {
  std::lock_guard lock(mutex_);
  set(stage, State::kAtWork);
  if (const auto place = places_.find(&stage); place != places_.end())
    entries_[place->second].begun = std::chrono::steady_clock::now();
}

void Pace::finish(const Stage& stage, bool worked) {
  std::lock_guard lock(mutex_);
  set(stage, State::kDone);
  const auto place = places_.find(&stage);
  if (!worked || place == places_.end()) return;
  const Entry& entry = entries_[place->second];
  times_.add(entry.size, seconds_since(entry.begun));
}

void Pace::fail(const Stage& stage) {
  std::lock_guard lock(mutex_);
  set(stage, State::kFailed);
}

void Pace::wait(const Stage& stage) {
  std::lock_guard lock(mutex_);
  set(stage, State::kWaiting);
}

PaceNow Pace::now() {
  std::lock_guard lock(mutex_);
  // Counts are cheap; times of thousands of stages are not, and are asked for several times a second.
  if (seconds_since(estimated_) >= 1) estimate();
  PaceNow now = estimate_;
  now.stages = static_cast<int64_t>(entries_.size());
  for (const Entry& entry : entries_) {
    now.done += entry.state == State::kDone ? 1 : 0;
    now.failed += entry.state == State::kFailed ? 1 : 0;
    now.at_work += entry.state == State::kAtWork ? 1 : 0;
  }
  return now;
}

void Pace::estimate() {
  estimated_ = std::chrono::steady_clock::now();
  estimate_ = {};
  double sum = 0, longest = 0;
  std::vector<double> ends(entries_.size(), 0);  // of the chain that each stage closes, seconds from now
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.state == State::kDone || entry.state == State::kFailed) continue;
    const auto whole = times_.rough_seconds(entry.size);
    estimate_.some_unknown = estimate_.some_unknown || !whole;
    double left = whole.value_or(0);
    if (entry.state == State::kAtWork) left = std::max(0.0, left - seconds_since(entry.begun));
    sum += left;
    // Inputs stand before what reads them.
    for (const size_t input : entry.inputs) ends[i] = std::max(ends[i], ends[input]);
    ends[i] += left;
    longest = std::max(longest, ends[i]);
  }
  // No more hands than stages, and none of them ends before the chain that it waits for.
  estimate_.seconds_left = std::max(sum / jobs_, longest);
}

}  // namespace emf
