// SPDX-License-Identifier: Apache-2.0
// Work on many independent items, in as many threads as the machine has cores.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <future>
#include <thread>
#include <vector>

namespace emf {

/// Calls work(begin, end) for consecutive ranges that cover 0..count, side by side.
/// Results must not depend on where ranges end.
///
/// @param least  items that are worth a thread of their own.
/// @throws  what the first range that fails throws, so that the first bad item is the
///   one told of if ranges stop at theirs.
inline void in_chunks(size_t count, size_t least, const std::function<void(size_t begin, size_t end)>& work) {
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  const size_t chunks = std::clamp<size_t>(count / std::max<size_t>(1, least), 1, cores);
  if (chunks == 1) return work(0, count);
  std::vector<std::future<void>> others;
  for (size_t chunk = 1; chunk < chunks; ++chunk) {
    others.push_back(std::async(std::launch::async, work, count * chunk / chunks, count * (chunk + 1) / chunks));
  }
  std::exception_ptr failure;
  try {
    work(0, count / chunks);
  } catch (...) {
    failure = std::current_exception();
  }
  for (std::future<void>& other : others) {
    try {
      other.get();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace emf
