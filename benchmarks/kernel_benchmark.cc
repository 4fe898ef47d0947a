// SPDX-License-Identifier: Apache-2.0
// Each operation of harness/kernels on the CPU: its kernel beside ATen's composition of it, in fp32 and bf16, value
// with tangent, and value with gradient. Shapes of a network of width 256 with 64 + 32 tokens and 64 rows, 16 of
// which move; one thread.
//
//   kernel_benchmark --benchmark_filter=linear
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <optional>

#include "harness/engine/training/optimizer.h"
#include "harness/kernels/activation.h"
#include "harness/kernels/attention.h"
#include "harness/kernels/device_operations.h"
#include "harness/kernels/linear.h"
#include "harness/kernels/residual_norm.h"
#include "harness/tensor/autocast.h"
#include "harness/tensor/placement.h"

namespace emf {
namespace {

constexpr int64_t kRows = 64, kMoving = 16, kTokens = 64, kText = 32, kWidth = 256, kHeads = 4;

/// What a benchmark's name says: /bf16/plain.
struct Case {
  bool bfloat16, plain;
  explicit Case(const benchmark::State& state) : bfloat16(state.range(0) != 0), plain(state.range(1) != 0) {}
  at::ScalarType type() const { return bfloat16 ? at::kBFloat16 : at::kFloat; }
};

Dual drawn(at::IntArrayRef sizes, at::ScalarType type, bool moves = true) {
  Dual x{at::randn(sizes).to(type).requires_grad_(), {}};
  if (moves) x.tangent = at::randn(sizes).to(type).narrow(0, 0, kMoving);
  return x;
}

/// Value with tangent under no-grad, then value and gradient, as two counters of one benchmark.
void run(benchmark::State& state, const Case& which, const std::vector<Dual>& inputs,
         const std::function<std::vector<Dual>(const std::vector<Dual>&)>& operation, double products) {
  at::set_num_threads(1);
  std::optional<PlainOperations> plain;
  if (which.plain) plain.emplace();
  const Autocast precision(which.bfloat16, Placement().device.type());
  std::vector<Dual> still;
  std::vector<at::Tensor> leaves;
  for (const Dual& input : inputs) {
    still.push_back({input.value, {}});
    if (input.value.defined()) leaves.push_back(input.value);
  }
  const bool differentiates = state.range(2) != 0;
  for (auto _ : state) {
    if (differentiates) {
      std::vector<at::Tensor> outputs, ones;
      for (const Dual& output : operation(still)) {
        outputs.push_back(output.value);
        ones.push_back(at::ones_like(output.value));
      }
      benchmark::DoNotOptimize(torch::autograd::grad(outputs, leaves, ones, std::nullopt, false, true).data());
    } else {
      const at::NoGradGuard no_grad;
      benchmark::DoNotOptimize(operation(inputs).data());
    }
  }
  const double passes = differentiates ? 3 : 1 + static_cast<double>(kMoving) / kRows;
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * products * passes * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate);
}

void linear_up(benchmark::State& state) {
  const Case which(state);
  run(
      state, which,
      {drawn({kRows, kTokens, kWidth}, which.type()), drawn({4 * kWidth, kWidth}, at::kFloat, false),
       drawn({4 * kWidth}, at::kFloat, false)},
      [](const std::vector<Dual>& x) { return std::vector<Dual>{linear(x[0], x[1].value, x[2].value)}; },
      static_cast<double>(kRows * kTokens * kWidth * 4 * kWidth));
}

void gelu_inner(benchmark::State& state) {
  const Case which(state);
  run(
      state, which, {drawn({kRows, kTokens, 4 * kWidth}, which.type())},
      [](const std::vector<Dual>& x) { return std::vector<Dual>{gelu(x[0])}; }, 0);
}

void residual_norm_block(benchmark::State& state) {
  const Case which(state);
  const auto vector = [&] { return drawn({kRows, kWidth}, which.type()); };
  run(
      state, which,
      {drawn({kRows, kTokens, kWidth}, at::kFloat), vector(), drawn({kRows, kTokens, kWidth}, which.type()), vector(),
       vector()},
      [](const std::vector<Dual>& x) {
        const NormedSum both = residual_norm(x[0], x[1], x[2], x[3], x[4]);
        return std::vector<Dual>{both.sum, both.normed};
      },
      0);
}

void attention_self(benchmark::State& state) {
  const Case which(state);
  const auto rows = [&] { return drawn({kRows, kTokens, kWidth}, which.type()); };
  run(
      state, which, {rows(), rows(), rows()},
      [](const std::vector<Dual>& x) { return std::vector<Dual>{attention(x[0], x[1], x[2], kHeads)}; },
      static_cast<double>(2 * kRows * kTokens * kTokens * kWidth));
}

void attention_text(benchmark::State& state) {
  const Case which(state);
  const auto text = [&] { return drawn({kRows, kText, kWidth}, which.type(), false); };
  run(
      state, which, {drawn({kRows, kTokens, kWidth}, which.type()), text(), text()},
      [](const std::vector<Dual>& x) { return std::vector<Dual>{attention(x[0], x[1], x[2], kHeads)}; },
      static_cast<double>(2 * kRows * kTokens * kText * kWidth));
}

/// AdamW with clipping and averages over 12 M numbers.
void adamw(benchmark::State& state) {
  at::set_num_threads(1);
  std::optional<PlainOperations> plain;
  if (state.range(0) != 0) plain.emplace();
  NamedParameters parameters;
  for (int i = 0; i < 12; ++i) parameters.emplace_back(std::to_string(i), at::randn({1024, 1024}).requires_grad_());
  Optimizer optimizer(parameters, 0.01, 1, 0.999);
  const at::Tensor gradient = at::randn({1024, 1024});
  for (auto _ : state) {
    for (const auto& [name, parameter] : parameters) parameter.mutable_grad() = gradient;
    benchmark::DoNotOptimize(optimizer.step(1e-4));
  }
}

void both_ways(benchmark::internal::Benchmark* one) {
  one->ArgNames({"bf16", "aten", "gradient"})->ArgsProduct({{0, 1}, {0, 1}, {0, 1}})->Unit(benchmark::kMillisecond);
}

BENCHMARK(linear_up)->Apply(both_ways);
BENCHMARK(gelu_inner)->Apply(both_ways);
BENCHMARK(residual_norm_block)->Apply(both_ways);
BENCHMARK(attention_self)->Apply(both_ways);
BENCHMARK(attention_text)->Apply(both_ways);
BENCHMARK(adamw)->ArgName("aten")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace emf
