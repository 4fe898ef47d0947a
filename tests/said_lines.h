// SPDX-License-Identifier: Apache-2.0
// What a program said, without words of progress.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace emf {

/// Lines of stderr that are no progress: such lines are indented, and on a busy machine one more of them is said.
inline int64_t lines_that_are_no_progress(const std::string& talk) {
  int64_t count = 0;
  for (size_t at = 0; at < talk.size(); at = std::min(talk.find('\n', at), talk.size() - 1) + 1)
    count += talk[at] == ' ' ? 0 : 1;
  return count;
}

}  // namespace emf
