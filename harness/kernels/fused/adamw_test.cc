// SPDX-License-Identifier: Apache-2.0
// The fused step against the operations of the trainer's optimizer (ATen's fused AdamW on the CPU, and its average).
#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/kernels/fused/operations.h"
#include "tests/kernel_device.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

using DeviceAdamw = KernelTest;

/// What the trainer does (harness/engine/training/optimizer.cc), on the CPU.
struct Reference {
  std::vector<at::Tensor> weights, moments1, moments2, averages, steps;
  std::vector<double> shares;
  FusedAdamwOptions options;
  double average_weight = 0;

  double step(std::vector<at::Tensor> gradients, double rate) {
    const at::NoGradGuard no_grad;
    double squares = 0;
    for (const at::Tensor& norm : at::_foreach_norm(gradients, 2)) squares += std::pow(norm.item<double>(), 2);
    const double norm = std::sqrt(squares);
    if (!std::isfinite(norm)) return norm;
    if (options.clip_norm > 0 && norm > options.clip_norm) at::_foreach_mul_(gradients, options.clip_norm / norm);
    at::_foreach_add_(steps, 1);
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto one = [&](const std::vector<at::Tensor>& all) { return at::TensorList(all).slice(i, 1); };
      at::_fused_adamw_(one(weights), one(gradients), one(moments1), one(moments2), {}, one(steps), rate * shares[i],
                        options.beta1, options.beta2, options.weight_decay, options.epsilon, false, false);
    }
    at::_foreach_lerp_(averages, weights, 1 - options.ema_decay);
    average_weight = average_weight * options.ema_decay + (1 - options.ema_decay);
    return norm;
  }
};

/// Of states whose gradients were clipped: the reference takes a tensor's norm in fp32, ours is in double.
constexpr double kOfClipped = 1e-5;

/// One number, a pack that is not full, one chunk to the last number, several chunks.
const std::vector<std::vector<int64_t>> kShapes = {{1}, {3, 5}, {16384}, {7, 1153}, {40000}, {3, 3}};

struct Pair {
  Reference cpu;
  FusedAdamwTensors device;
  std::unique_ptr<FusedAdamw> fused;
  at::Tensor rate;

  explicit Pair(const FusedAdamwOptions& options, bool with_copies = true) {
    cpu.options = options;
    for (size_t i = 0; i < kShapes.size(); ++i) {
      const auto add = [](std::vector<at::Tensor>& host, std::vector<at::Tensor>& there, const at::Tensor& value) {
        host.push_back(value.clone());
        there.push_back(value.to(kernel_device(), value.scalar_type(), false, /*copy=*/true));
      };
      const at::Tensor zeros = at::zeros(kShapes[i]);
      add(cpu.weights, device.weights, at::randn(kShapes[i]));
      add(cpu.moments1, device.moments1, zeros);
      add(cpu.moments2, device.moments2, zeros);
      add(cpu.averages, device.averages, zeros);
      if (with_copies) {
        device.copies.push_back(at::zeros(kShapes[i], at::TensorOptions(kernel_device()).dtype(at::kBFloat16)));
      }
      cpu.steps.push_back(at::zeros({}));
      cpu.shares.push_back(i == 1 ? 0.1 : 1);
    }
    device.rate_shares = cpu.shares;
    fused = fused::fused_adamw(device, options);
    rate = at::zeros({}, at::TensorOptions(kernel_device()).dtype(at::kDouble));
  }

  /// @return  norms of both.
  std::pair<double, double> step(double size, double learning_rate, at::ScalarType type = at::kFloat) {
    std::vector<at::Tensor> here, there;
    for (const auto& shape : kShapes) {
      here.push_back((at::randn(shape) * size).to(type).to(at::kFloat));
      there.push_back(here.back().to(kernel_device(), type, false, /*copy=*/true));
    }
    there.back().reset();  // a leaf that the loss did not reach
    here.back().zero_();
    rate.fill_(learning_rate);
    const PoisonedMemory poisoned;
    fused->step(there, rate);
    return {cpu.step(here, learning_rate), fused->norm().item<double>()};
  }

  void expect_equal(double tolerance) const {
    const auto compare = [&](const std::vector<at::Tensor>& host, const std::vector<at::Tensor>& there,
                             const char* name) {
      for (size_t i = 0; i < host.size(); ++i) {
        if (host[i].abs().max().item<float>() == 0) {
          EXPECT_TRUE(at::equal(there[i].cpu(), host[i])) << name << i;
        } else {
          EXPECT_LT(relative_error(there[i].cpu(), host[i]), tolerance) << name << i;
        }
      }
    };
    compare(cpu.weights, device.weights, "weight ");
    compare(cpu.moments1, device.moments1, "moment 1 ");
    compare(cpu.moments2, device.moments2, "moment 2 ");
    compare(cpu.averages, device.averages, "average ");
    for (size_t i = 0; i < device.copies.size(); ++i) {
      EXPECT_TRUE(at::equal(device.copies[i], device.weights[i].to(at::kBFloat16))) << i;
    }
    EXPECT_EQ(fused->counts().steps, cpu.steps.front().item<double>());
    EXPECT_NEAR(fused->counts().average_weight, cpu.average_weight, 1e-12);
  }
};

TEST_F(DeviceAdamw, StepsAsTheTrainerDoes) {
  Pair pair({0.9, 0.99, 1e-8, 0.01, /*clip_norm=*/0, /*ema_decay=*/0.95});
  for (int i = 0; i < 20; ++i) {
    const auto [ours, theirs] = pair.step(0.1 * (1 + i % 3), 1e-3 * (i + 1));
    EXPECT_LT(std::abs(theirs / ours - 1), kOfClipped);
  }
  pair.expect_equal(1e-6);
}

TEST_F(DeviceAdamw, ClipsByTheNorm) {
  Pair pair({0.9, 0.99, 1e-8, 0.1, /*clip_norm=*/20, /*ema_decay=*/0.3});
  for (const double size : {1.0, 0.01, 10.0}) pair.step(size, 1e-2);  // longer, shorter, longer than 20
  pair.expect_equal(kOfClipped);
}

TEST_F(DeviceAdamw, TakesBfloat16Gradients) {
  if (!kernels_take(at::kBFloat16)) GTEST_SKIP() << "these kernels take no bf16";
  Pair pair({0.9, 0.99, 1e-8, 0.01, 1, 0.9}, /*with_copies=*/false);
  for (int i = 0; i < 3; ++i) pair.step(0.3, 1e-3, at::kBFloat16);
  pair.expect_equal(kOfClipped);
}

TEST_F(DeviceAdamw, AGradientThatIsNotFiniteChangesNothing) {
  Pair pair({0.9, 0.99, 1e-8, 0.01, 1, 0.9});
  pair.step(0.1, 1e-3);
  for (const double size : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    const auto [theirs, ours] = pair.step(size, 1e-3);
    EXPECT_FALSE(std::isfinite(ours));
    EXPECT_FALSE(std::isfinite(theirs));
  }
  pair.expect_equal(kOfClipped);
  pair.step(0.1, 1e-3);
  pair.expect_equal(kOfClipped);
}

TEST_F(DeviceAdamw, GoesOnFromGivenCounts) {
  Pair pair({0.9, 0.99, 1e-8, 0, 0, 0.9});
  pair.step(0.1, 1e-3);
  pair.step(0.1, 1e-3);
  const FusedAdamwCounts counts = pair.fused->counts();
  pair.fused = fused::fused_adamw(pair.device, pair.cpu.options);
  pair.fused->set_counts(counts);
  pair.step(0.1, 1e-3);
  pair.expect_equal(1e-6);
}

TEST_F(DeviceAdamw, TakesMoreParametersThanALaunchEnters) {
  const at::TensorOptions options = at::TensorOptions().device(kernel_device()).dtype(at::kFloat);
  FusedAdamwTensors tensors;
  std::vector<at::Tensor> gradients;
  for (int i = 0; i < 600; ++i) {
    for (auto* list : {&tensors.weights, &tensors.moments1, &tensors.moments2, &tensors.averages}) {
      list->push_back(at::zeros({3}, options));
    }
    gradients.push_back(at::full({3}, i % 2 == 0 ? 1 : -1, options));
  }
  const auto fused = fused::fused_adamw(tensors, {});
  fused->step(gradients, at::full({}, 0.5, options.dtype(at::kDouble)));
  // The first step goes against the gradient's sign by the learning rate.
  for (int i = 0; i < 600; ++i) {
    EXPECT_NEAR(tensors.weights[static_cast<size_t>(i)][2].item<float>(), i % 2 == 0 ? -0.5 : 0.5, 1e-6) << i;
  }
  EXPECT_NEAR(fused->norm().item<double>(), std::sqrt(1800), 1e-9);
}

TEST_F(DeviceAdamw, RefusesWhatItCannotTake) {
  Pair pair({});
  FusedAdamwTensors other = pair.device;
  other.averages[1] = other.averages[1].to(at::kDouble);
  EXPECT_THROW(fused::fused_adamw(other, {}), InternalError);
  EXPECT_THROW(pair.fused->step({}, pair.rate), InternalError);
  pair.device.weights[2].set_data(pair.device.weights[2].clone());
  EXPECT_THROW(pair.step(1, 1e-3), InternalError);
  std::vector<at::Tensor> gradients(kShapes.size());
  gradients[0] = at::zeros({2}, at::TensorOptions(kernel_device()).dtype(at::kFloat));
  EXPECT_THROW(pair.fused->step(gradients, pair.rate), InternalError);
}

}  // namespace
}  // namespace emf
