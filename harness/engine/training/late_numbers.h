// SPDX-License-Identifier: Apache-2.0
// Numbers of steps that a device may still be computing, read when it is past them.
#pragma once

#include <c10/core/Event.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/objective.h"

namespace emf {

/// What an event line and its checks want of one step.
struct StepNumbers {
  int64_t step = 0, samples = 0;  ///< its number, and the samples before it
  LossNumber loss = 0, gradient_norm = 0;
  std::vector<std::pair<std::string, LossNumber>> numbers;
};

/// A queue of steps. What lies on a device is copied to the host behind the step that makes it, into pinned memory, and
/// next() waits for that copy alone: the device goes on with the steps behind it.
class LateNumbers {
 public:
  explicit LateNumbers(const at::Device& device) : device_(device) {}

  void push(StepNumbers numbers);
  size_t waiting() const { return queue_.size(); }
  /// The oldest step, its numbers there.
  StepNumbers next();

 private:
  struct Waiting {
    StepNumbers numbers;
    at::Tensor host;                   ///< [n] float64 in pinned memory; undefined: nothing is waited for
    std::optional<c10::Event> copied;  ///< nothing: the copy was waited for
  };

  at::Device device_;
  std::deque<Waiting> queue_;
};

}  // namespace emf
