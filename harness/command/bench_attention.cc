// SPDX-License-Identifier: Apache-2.0
#include "harness/command/bench_attention.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "harness/command/bench_clock.h"
#include "harness/kernels/attention.h"
#include "harness/kernels/device_operations.h"

namespace emf {
namespace {

/// Attention of one kind, on inputs of one type.
struct Problem {
  Dual q, k, v;
  int64_t heads = 0;

  Problem to(at::ScalarType type) const {
    const auto as = [type](const Dual& x) {
      return Dual{x.value.detach().to(type).requires_grad_(), x.has_tangent() ? x.tangent.to(type) : at::Tensor()};
    };
    return {as(q), as(k), as(v), heads};
  }
  Problem still() const { return {{q.value, {}}, {k.value, {}}, {v.value, {}}, heads}; }
  Dual run() const { return attention(q, k, v, heads); }
  std::vector<at::Tensor> gradients() const {
    const at::Tensor output = still().run().value;
    return torch::autograd::grad({output}, {q.value, k.value, v.value}, {at::ones_like(output)});
  }
};

double error_of(const at::Tensor& found, const at::Tensor& exact) {
  return ((found.detach().to(at::kDouble) - exact.detach()).norm() / exact.detach().norm()).item<double>();
}

Json row_of(const char* kind, const Problem& exact, const Problem& problem, bool is_plain, const Placement& placement) {
  const auto guarded = [&](const auto& work) {
    return [&work, is_plain, &placement] {
      std::optional<PlainOperations> plain;
      if (is_plain) plain.emplace();
      work();
      synchronize(placement.device);
    };
  };
  Dual dual;
  std::vector<at::Tensor> gradients;
  const auto value = [&] {
    const at::NoGradGuard no_grad;
    problem.still().run();
  };
  const auto both = [&] {
    const at::NoGradGuard no_grad;
    dual = problem.run();
  };
  const auto differentiate = [&] { gradients = problem.gradients(); };
  const std::vector<Clock> clocks = interleaved_medians({guarded(value), guarded(both), guarded(differentiate)}, 9);
  Json row = {{"attention", kind},
              {"by", is_plain ? "ATen" : "kernels"},
              {"value_ms", clocks[0].cpu_s * 1e3},
              {"dual_ms", clocks[1].cpu_s * 1e3},
              {"gradient_ms", clocks[2].cpu_s * 1e3}};
  const PlainOperations reference;
  const Dual right = exact.run();
  row["value_error"] = error_of(dual.value, right.value);
  if (dual.has_tangent()) row["tangent_error"] = error_of(dual.tangent, right.tangent);
  const std::vector<at::Tensor> right_gradients = exact.gradients();
  double worst = 0;
  for (size_t i = 0; i < gradients.size(); ++i) worst = std::max(worst, error_of(gradients[i], right_gradients[i]));
  row["gradient_error"] = worst;
  return row;
}

}  // namespace

Json bench_attention(const AttentionBench& bench, int threads, const Placement& placement) {
  const int64_t width = bench.heads * bench.head_size;
  const auto moving = std::clamp<int64_t>(std::llround(bench.share * static_cast<double>(bench.batch)), 0, bench.batch);
  const auto type = bench.is_bfloat16 ? at::kBFloat16 : at::kFloat;
  at::manual_seed(1);
  const auto draw = [&](int64_t tokens, bool moves) {
    // Numbers that the type has, so that what is measured is the error of computing with them.
    const auto drawn = [&](int64_t rows) {
      return at::randn({rows, tokens, width}).to(type).to(placement.device, at::kDouble);
    };
    Dual x{drawn(bench.batch), {}};
    if (moves && moving > 0) x.tangent = drawn(moving);
    return x;
  };
  const Problem self{draw(bench.tokens, true), draw(bench.tokens, true), draw(bench.tokens, true), bench.heads},
      cross{draw(bench.tokens, true), draw(bench.text_tokens, false), draw(bench.text_tokens, false), bench.heads};
  Json rows = Json::array();
  for (const auto& [kind, problem] : {std::pair("self", self), std::pair("cross", cross)}) {
    for (const bool is_plain : {false, true}) {
      rows.push_back(row_of(kind, problem.to(at::kDouble), problem.to(type), is_plain, placement));
    }
  }
  return {{"what", "attention"},
          {"batch", bench.batch},
          {"moving", moving},
          {"tokens", bench.tokens},
          {"text_tokens", bench.text_tokens},
          {"heads", bench.heads},
          {"head_size", bench.head_size},
          {"precision", bench.is_bfloat16 ? "bf16" : "fp32"},
          {"threads", threads},
          {"device", placement.device.str()},
          {"rows", rows}};
}

}  // namespace emf
