// SPDX-License-Identifier: Apache-2.0
#include "tests/largest_request.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> largest = 0;

}  // namespace

// All other forms of new and delete end up in these.
void* operator new(size_t bytes) {
  size_t known = largest.load(std::memory_order_relaxed);
  while (bytes > known && !largest.compare_exchange_weak(known, bytes)) {
  }
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace emf {

size_t largest_request() { return largest.load(); }
void forget_largest_request() { largest = 0; }

}  // namespace emf
