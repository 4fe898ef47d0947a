// SPDX-License-Identifier: Apache-2.0
// Memory that a thread works in and keeps.
#pragma once

#include <cstdint>

namespace emf::fused {

constexpr int kScratchSlots = 16;

/// At least `bytes` bytes of the calling thread at a multiple of 64, with whatever the last user of the slot left
/// there. Stays until the thread ends, or asks for more in this slot.
void* scratch(int slot, int64_t bytes);

}  // namespace emf::fused
