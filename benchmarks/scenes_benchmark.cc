// SPDX-License-Identifier: Apache-2.0
// Pictures a second from scenes: uint8 picture and boxes with sprites cached, whole samples, captions alone.
#include <benchmark/benchmark.h>

#include "harness/api/dataset.h"

namespace emf {
namespace {

constexpr int kWarmUp = 20000;  // enough to meet nearly every sprite, size and tint of the world

std::unique_ptr<Dataset> world(const std::string& table) {
  return DatasetRegistry::instance().make("scenes", Options(parse_config(table, "benchmark"), {}), {});
}

void pictures(benchmark::State& state, const std::string& table) {
  const auto dataset = world(table);
  std::vector<uint8_t> picture(static_cast<size_t>(dataset->height() * dataset->width() * 3));
  std::vector<Box> boxes;
  for (uint64_t index = 0; index < kWarmUp; ++index) dataset->picture(index, picture, boxes);
  uint64_t index = 0;
  for (auto _ : state) {
    dataset->picture(index++, picture, boxes);
    benchmark::DoNotOptimize(picture.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void samples(benchmark::State& state) {
  const auto dataset = world("");
  uint64_t index = 0;
  for (; index < kWarmUp; ++index) benchmark::DoNotOptimize(dataset->sample(index));
  for (auto _ : state) benchmark::DoNotOptimize(dataset->sample(index++));
  state.SetItemsProcessed(state.iterations());
}

void prompts(benchmark::State& state) {
  const auto dataset = world("");
  uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(dataset->prompt(index++));
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(pictures, side_16, std::string("side = 16"));
BENCHMARK_CAPTURE(pictures, side_32, std::string("side = 32"));
BENCHMARK_CAPTURE(pictures, side_32_six_classes, std::string("classes = 6\ncolors = 4"));
BENCHMARK_CAPTURE(pictures, side_64, std::string("side = 64"));
BENCHMARK(samples);
BENCHMARK(prompts);

}  // namespace
}  // namespace emf
