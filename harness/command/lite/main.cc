// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "harness/base/error.h"
#include "harness/base/memory.h"
#include "harness/base/terminal.h"
#include "harness/command/lite/front.h"
#include "harness/command/program.h"

int main(int count, char** words) {
  emf::keep_freed_memory();
  try {
    if (emf::is_done_by_front(count, words)) return 0;
  } catch (const emf::UserError& error) {
    std::fprintf(stderr, "emfbench: %s\n", emf::shown_message(error.what()).c_str());
    return static_cast<int>(error.code());
  }
  return emf::run_program(count, words);
}
