// SPDX-License-Identifier: Apache-2.0
// The largest piece of memory that was asked for: a reader that believes what a file says of its size shows here.
// Linked into tests that include it (tests/CMakeLists.txt), whose every new it counts.
#pragma once

#include <cstddef>

namespace emf {

/// Bytes of the largest request since forget_largest_request(), of all threads.
size_t largest_request();
void forget_largest_request();

}  // namespace emf
