// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>

namespace emf {
namespace {

/// OpenMP's entry behind `#pragma omp parallel`, of whichever library LibTorch has loaded: GCC's, and LLVM's and
/// Intel's under the same name.
using RunTeam = void (*)(void (*work)(void*), void* context, unsigned threads, unsigned flags);

RunTeam run_team() {
  static const auto found = reinterpret_cast<RunTeam>(::dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return found;
}

struct Range {
  int64_t count, grain;
  c10::function_ref<void(int64_t, int64_t)> f;
  std::atomic<int64_t> next{0};
  std::atomic_flag has_failed = ATOMIC_FLAG_INIT;
  std::exception_ptr failure;

  void work() {
    for (int64_t begin; (begin = next.fetch_add(grain)) < count;) {
      try {
        f(begin, std::min(count, begin + grain));
      } catch (...) {
        if (!has_failed.test_and_set()) failure = std::current_exception();
        next = count;
      }
    }
  }
};

}  // namespace

void parallel_for(int64_t count, int64_t grain, c10::function_ref<void(int64_t, int64_t)> f) {
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), (count + grain - 1) / grain);
  if (threads <= 1 || at::in_parallel_region() || run_team() == nullptr) {
    if (count > 0) f(0, count);
    return;
  }
  Range range{count, grain, f, {}, ATOMIC_FLAG_INIT, {}};
  run_team()([](void* context) { static_cast<Range*>(context)->work(); }, &range, static_cast<unsigned>(threads), 0);
  if (range.failure != nullptr) std::rethrow_exception(range.failure);
}

}  // namespace emf
