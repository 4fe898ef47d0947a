// SPDX-License-Identifier: Apache-2.0
#include "harness/base/memory.h"
#include "harness/command/program.h"

int main(int count, char** words) {
  emf::keep_freed_memory();
  return emf::run_program(count, words);
}
