// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/scratch.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace emf::fused {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct Slot {
  std::unique_ptr<void, Free> memory;
  int64_t bytes = 0;
};

}  // namespace

void* scratch(int slot, int64_t bytes) {
  thread_local std::array<Slot, kScratchSlots> slots;
  Slot& mine = slots.at(static_cast<size_t>(slot));
  if (mine.bytes < bytes) {
    const int64_t whole = (bytes + 63) / 64 * 64;
    mine.memory.reset(std::aligned_alloc(64, static_cast<size_t>(whole)));
    if (mine.memory == nullptr) throw std::bad_alloc();
    mine.bytes = whole;
  }
  return mine.memory.get();
}

}  // namespace emf::fused
