// SPDX-License-Identifier: Apache-2.0
#include "harness/base/memory.h"

#include <cstdlib>  // defines __GLIBC__ where that is the library
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace emf {

void give_back_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMostMapped = 32 << 20;  // the most that glibc takes from its heaps
  constexpr int kMostKept = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kMostMapped);
  ::mallopt(M_TRIM_THRESHOLD, kMostKept);
#endif
}

}  // namespace emf
