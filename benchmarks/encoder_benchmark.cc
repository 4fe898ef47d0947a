// SPDX-License-Identifier: Apache-2.0
// Tokens a second through the llm encoder and its tokenizer, on captions as a dataset gives them.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>

#include "harness/api/encoder.h"

namespace emf {
namespace {

std::vector<Prompt> captions(int64_t count) {
  const auto dataset = DatasetRegistry::instance().make("scenes", Options(), DatasetContext{0});
  std::vector<Prompt> prompts;
  for (int64_t i = 0; i < count; ++i) prompts.push_back(dataset->prompt(static_cast<uint64_t>(i)));
  return prompts;
}

/// Items are tokens; FLOP counts the products with weights alone (106 M of them), attention being small at
/// this length.
void llm_forward(benchmark::State& state) {
  const auto encoder = make_encoder("llm", Options(), EncoderContext{0, {}});
  const TokenInputs inputs = encoder->prepare(captions(state.range(0)));
  const at::NoGradGuard no_grad;
  encoder->forward(inputs);
  for (auto _ : state) benchmark::DoNotOptimize(encoder->forward(inputs).tokens.data_ptr());
  const auto tokens = inputs.mask.sum().item<int64_t>() * state.iterations();
  state.SetItemsProcessed(tokens);
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * 106.2e6 * static_cast<double>(tokens), benchmark::Counter::kIsRate);
}

/// The roofline: the forward's widest product alone.
void gemm(benchmark::State& state) {
  const at::Tensor rows = at::randn({1024, 576}), weight = at::randn({3072, 576});
  for (auto _ : state) benchmark::DoNotOptimize(at::linear(rows, weight).data_ptr());
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * 1024 * 576 * 3072 * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate);
}

void llm_first_feature(benchmark::State& state) {
  for (auto _ : state) {
    const auto encoder = make_encoder("llm", Options(), EncoderContext{0, {}});
    const at::NoGradGuard no_grad;
    benchmark::DoNotOptimize(encoder->forward(encoder->prepare({{"a photo of a cat", Json()}})).tokens.data_ptr());
  }
}

void llm_tokenize(benchmark::State& state) {
  const auto encoder = make_encoder("llm", Options(), EncoderContext{0, {}});
  const std::vector<Prompt> prompts = captions(1000);
  for (auto _ : state) benchmark::DoNotOptimize(encoder->tokenize(prompts, true));
  state.SetItemsProcessed(state.iterations() * 1000);
}

BENCHMARK(llm_forward)->Arg(1)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(gemm)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(llm_first_feature)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(llm_tokenize)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace emf
