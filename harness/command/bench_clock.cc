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

std::vector<Clock> interleaved_medians(const std::vector<std::function<void()>>& actions, int rounds) {
  std::vector<std::vector<double>> walls(actions.size()), cpus(actions.size());
  for (int round = 0; round <= rounds; ++round) {
    for (size_t i = 0; i < actions.size(); ++i) {
      const Clock clock = once(actions[i]);
      if (round == 0) continue;
      walls[i].push_back(clock.wall_s);
      cpus[i].push_back(clock.cpu_s);
    }
  }
  const auto median = [](std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  std::vector<Clock> medians;
  for (size_t i = 0; i < actions.size(); ++i) medians.push_back({median(walls[i]), median(cpus[i])});
  return medians;
}

double gemm_roofline(const Placement& placement, at::ScalarType type) {
  const bool on_cpu = placement.device.is_cpu();
  const int64_t side = on_cpu ? 1024 : 8192;
  const at::TensorOptions options = placement.options().dtype(type);
  const at::Tensor a = at::ones({side, side}, options), b = at::ones({side, side}, options);
  const auto multiply = [&](int products) {
    for (int i = 0; i < products; ++i) at::mm(a, b);
    synchronize(placement.device);
  };
  // The kernel counts another thread's time at its ticks, some milliseconds apart: one product of some milliseconds
  // would look as if half of its work had cost nothing.
  constexpr double kLong = 0.1;
  const int products = std::max(1, static_cast<int>(kLong / time_of([&] { multiply(1); }, 1).wall_s));
  const Clock clock = time_of([&] { multiply(products); });
  const double flops =
      2.0 * static_cast<double>(side) * static_cast<double>(side) * static_cast<double>(side) * products;
  return flops / (on_cpu ? clock.cpu_s : clock.wall_s);
}

Speed speed_of(double flops, const Clock& clock, const Placement& placement, at::ScalarType type) {
  const bool on_cpu = placement.device.is_cpu();
  const double gemm = gemm_roofline(placement, type);
  return {on_cpu ? "gemm_gflop_per_cpu_second" : "gemm_gflop_per_second", gemm,
          flops / (on_cpu ? clock.cpu_s : clock.wall_s) / gemm};
}

}  // namespace emf
