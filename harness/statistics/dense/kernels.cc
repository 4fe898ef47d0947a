// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/dense/kernels.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "harness/statistics/dense/kernels_body.h"
#include "harness/statistics/dense/widths.h"

namespace emf {
namespace {

void run_tasks(int count, int64_t tasks, void (*task)(void*, int64_t, int), void* context) {
  std::atomic<int64_t> next{0};
  const auto work = [&](int worker) {
    for (int64_t number; (number = next.fetch_add(1)) < tasks;) task(context, number, worker);
  };
  std::vector<std::jthread> others;
  for (int worker = 1; worker < std::min<int64_t>(count, tasks); ++worker) others.emplace_back(work, worker);
  work(0);
}

}  // namespace

Workers workers(int count) {
  // More than these wait for each other where a matrix of 2,048 columns is worked on.
  constexpr int kMost = 16;
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return {std::clamp(count > 0 ? count : cores, 1, kMost), run_tasks};
}

std::vector<DenseKernels> all_dense_kernels() {
  std::vector<DenseKernels> all = {{append_rows, bidiagonal_of_product, product_of_rows, "baseline"}};
#ifdef EMF_DENSE_WIDTHS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    all.push_back(dense_kernels_avx2());
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      all.push_back(dense_kernels_avx512());
    }
  }
#endif
  return all;
}

const DenseKernels& dense_kernels() {
  static const DenseKernels widest = all_dense_kernels().back();
  return widest;
}

}  // namespace emf
