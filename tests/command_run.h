// SPDX-License-Identifier: Apache-2.0
// The program's command line, run inside a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "harness/base/progress.h"
#include "harness/command/program.h"

namespace emf {

struct CommandOutcome {
  int code = 0;
  std::string out, talk;  ///< stdout and stderr
};

inline CommandOutcome run_command(std::vector<std::string> words) {
  words.insert(words.begin(), "emfbench");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Talk::quiet() = false;  // what another command asked for is not this one's wish
  CommandOutcome outcome;
  outcome.code = run_program(static_cast<int>(pointers.size()), pointers.data());
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.talk = testing::internal::GetCapturedStderr();
  return outcome;
}

}  // namespace emf
