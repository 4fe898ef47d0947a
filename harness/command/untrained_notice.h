// SPDX-License-Identifier: Apache-2.0
// What to say before an encoder that suites pretrain is read with the values it starts from.
#pragma once

#include "harness/api/encoder.h"
#include "harness/base/progress.h"

namespace emf {

inline void say_if_untrained(const EncoderInfo& info) {
  if (info.pretraining.empty()) return;
  say(
      fmt::format("{} has its initial values here: a suite trains it (emfbench run pretraining_objective), then "
                  "{}:STORE/runs/pretrain/HASH/encoder.safetensors has what it learnt",
                  info.name, info.name));
}

}  // namespace emf
