// SPDX-License-Identifier: Apache-2.0
// What the kernels take at a DiT-XL's sizes beside ATen's operations, and how much memory a second they move. No test
// of anything, so it runs when asked for alone:
//   cuda_test --gtest_also_run_disabled_tests --gtest_filter='*KernelTimes*'
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/kernels/activation.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/residual_norm.h"
#include "tests/kernels_in_use.h"

namespace emf {
namespace {

/// Milliseconds of one call, over many enqueued at once.
double milliseconds(const std::function<void()>& work) {
  constexpr int kWarmUp = 3, kCalls = 20;
  for (int i = 0; i < kWarmUp; ++i) work();
  const c10::Stream stream = c10::impl::VirtualGuardImpl(kernel_device().type()).getStream(kernel_device());
  c10::Event begin(kernel_device().type(), c10::EventFlag::BACKEND_DEFAULT),
      end(kernel_device().type(), c10::EventFlag::BACKEND_DEFAULT);
  begin.record(stream);
  for (int i = 0; i < kCalls; ++i) work();
  end.record(stream);
  end.synchronize();
  return begin.elapsedTime(end) / kCalls;
}

/// @param bytes  that have to be read and written at least.
void compare(const char* name, double bytes, const std::function<void()>& work) {
  const double ours = [&] {
    const KernelsInUse kernels(operations_under_test());
    return milliseconds(work);
  }();
  const double theirs = [&] {
    const KernelsInUse none((DeviceOperations()));
    return milliseconds(work);
  }();
  std::printf("| %-28s | %7.3f | %7.0f | %7.3f | %5.2f |\n", name, ours, bytes / ours * 1e-6, theirs, theirs / ours);
}

using KernelTimes = KernelTest;

TEST_F(KernelTimes, DISABLED_BesideAten) {
  constexpr int64_t kSamples = 64, kMoving = 16, kTokens = 256, kWidth = 1152;
  constexpr double kNumbers = static_cast<double>(kSamples * kTokens * kWidth);
  const at::TensorOptions single = at::TensorOptions().device(kernel_device()).dtype(at::kFloat),
                          brief = single.dtype(at::kBFloat16);
  const auto leaf = [](at::IntArrayRef shape, const at::TensorOptions& options) {
    const at::Tensor value = at::randn(shape, options).requires_grad_();
    return Dual{value, at::randn_like(value.detach().narrow(0, 0, kMoving))};
  };
  const Dual x = leaf({kSamples, kTokens, kWidth}, single), branch = leaf({kSamples, kTokens, kWidth}, brief),
             gate = leaf({kSamples, kWidth}, brief), shift = leaf({kSamples, kWidth}, brief),
             scale = leaf({kSamples, kWidth}, brief), hidden = leaf({kSamples, kTokens, 4 * kWidth}, brief);
  const at::Tensor sum_gradient = at::randn_like(x.value), normed_gradient = at::randn_like(branch.value),
                   hidden_gradient = at::randn_like(hidden.value);
  std::printf("| [64,256,1152], 16 moving      | ms      | GB/s    | ATen ms | times |\n");
  std::printf("| --- | --- | --- | --- | --- |\n");

  constexpr double kBoth = 1 + static_cast<double>(kMoving) / kSamples;
  compare("residual step and norm", kNumbers * 12 * kBoth, [&] {
    const c10::AutoGradMode no_grad(false);
    residual_norm(x, gate, branch, shift, scale);
  });
  compare("the same and its gradient", kNumbers * (12 * kBoth + 18), [&] {
    const NormedSum both = residual_norm(x, gate, branch, shift, scale);
    const std::vector<at::Tensor> leaves = {x.value, gate.value, branch.value, shift.value, scale.value};
    torch::autograd::grad({both.sum.value, both.normed.value}, leaves,
                          {sum_gradient, normed_gradient.to(both.normed.value.scalar_type())});
  });
  compare("GELU of 4 times the width", 4 * kNumbers * 4 * kBoth, [&] {
    const c10::AutoGradMode no_grad(false);
    gelu(hidden);
  });
  compare("the same and its gradient", 4 * kNumbers * (4 * kBoth + 6),
          [&] { torch::autograd::grad({gelu(hidden).value}, {hidden.value}, {hidden_gradient}); });

  FusedAdamwTensors tensors;
  std::vector<at::Tensor> gradients;
  constexpr int64_t kParameters = 50, kSize = 4 * 1024 * 1024;
  for (int64_t i = 0; i < kParameters; ++i) {
    for (auto* list : {&tensors.weights, &tensors.moments1, &tensors.moments2, &tensors.averages}) {
      list->push_back(at::zeros({kSize}, single));
    }
    tensors.copies.push_back(at::zeros({kSize}, brief));
    gradients.push_back(at::randn({kSize}, single));
  }
  const auto optimizer = fused::fused_adamw(tensors, {0.9, 0.99, 1e-8, 0.01, 1, 0.999});
  const at::Tensor rate = at::full({}, 1e-4, single.dtype(at::kDouble));
  const double step = milliseconds([&] { optimizer->step(gradients, rate); });
  std::printf("| AdamW, average, copies, norm | %7.3f | %7.0f |         |       |\n", step,
              static_cast<double>(kParameters * kSize) * 42 / step * 1e-6);
}

}  // namespace
}  // namespace emf
