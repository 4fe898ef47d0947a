// SPDX-License-Identifier: Apache-2.0
#include "harness/command/bench_clock.h"

#include <ATen/ATen.h>
#include <sys/resource.h>

namespace emf {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

double gemm_roofline(at::ScalarType type) {
  constexpr int64_t kSide = 1024;
  const at::Tensor a = at::ones({kSide, kSide}, type), b = at::ones({kSide, kSide}, type);
  // The kernel counts another thread's time at its ticks, some milliseconds apart: one product of some milliseconds
  // would look as if half of its work had cost nothing.
  constexpr double kLong = 0.1;
  const int products = std::max(1, static_cast<int>(kLong / time_of([&] { at::mm(a, b); }, 1).wall_s));
  const Clock clock = time_of([&] {
    for (int i = 0; i < products; ++i) at::mm(a, b);
  });
  return 2.0 * kSide * kSide * kSide * products / clock.cpu_s;
}

}  // namespace emf
