// SPDX-License-Identifier: Apache-2.0
// The device computed on the host is as strict as a card, and what stands on it is right.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/lack.h"
#include "harness/engine/training/late_numbers.h"
#include "harness/engine/training/optimizer.h"
#include "harness/tensor/placement.h"
#include "harness/tensor/random_rows.h"
#include "tests/device/host_cuda.h"

namespace emf {
namespace {

Placement device() { return ready_placement("cuda", "test"); }

TEST(HostCuda, ComputesWhatTheHostDoes) {
  const at::Tensor a = normal_named(1, "a", {3, 4}).requires_grad_(), b = normal_named(1, "b", {5, 4});
  at::Tensor far = a.detach().to(device().device);
  far.requires_grad_(true);
  const at::Tensor here = at::gelu(at::linear(a, b)).square().mean(),
                   there = at::gelu(at::linear(far, to_device(b, device().device))).square().mean();
  here.backward();
  there.backward();
  EXPECT_EQ(there.device().str(), "cuda:0");
  EXPECT_EQ(here.item<float>(), there.item<float>());
  EXPECT_TRUE(at::equal(a.grad(), far.grad().cpu()));
}

TEST(HostCuda, RefusesTensorsOfTwoPlaces) {
  const at::Tensor far = at::ones({3}, device().options());
  EXPECT_THROW(far + at::ones({3}), c10::Error);
  EXPECT_NO_THROW(far + at::ones({}));  // a number may lie anywhere
  EXPECT_THROW(far.index_select(0, at::zeros({1}, at::kLong)), c10::Error);
}

TEST(HostCudaDeathTest, EndsWhoReadsItsMemory) {
  const at::Tensor far = at::ones({3}, device().options());
  EXPECT_DEATH(static_cast<void>(*static_cast<volatile const float*>(far.const_data_ptr())), "");
}

TEST(HostCuda, CountsWhoWaits) {
  const at::Tensor far = at::ones({3}, device().options());
  const int64_t before = host_cuda::waits();
  const at::Tensor more = to_device(at::ones({3}), device().device);  // by way of pinned memory
  EXPECT_EQ((far + more).sum().cpu().numel(), 1);
  EXPECT_EQ(host_cuda::waits(), before + 1);
  (void)at::ones({3}).to(device().device);
  EXPECT_EQ(host_cuda::waits(), before + 2);
}

TEST(LateNumbers, AreReadWithoutWaiting) {
  LateNumbers late(device().device);
  const int64_t before = host_cuda::waits();
  for (int64_t step = 0; step < 3; ++step) {
    const at::Tensor value = at::full({}, static_cast<double>(step), device().options());
    late.push({step, 10 * step, value, value * 2, {{"there", 0.5}, {"residual", value + 1}}});
  }
  for (int64_t step = 0; step < 3; ++step) {
    const StepNumbers read = late.next();
    EXPECT_EQ(read.step, step);
    EXPECT_EQ(read.samples, 10 * step);
    EXPECT_EQ(static_cast<double>(read.loss), static_cast<double>(step));
    EXPECT_EQ(static_cast<double>(read.gradient_norm), static_cast<double>(2 * step));
    EXPECT_EQ(static_cast<double>(read.numbers.at(0).second), 0.5);
    EXPECT_EQ(static_cast<double>(read.numbers.at(1).second), static_cast<double>(step + 1));
  }
  EXPECT_EQ(late.waiting(), 0u);
  EXPECT_EQ(host_cuda::waits(), before);
}

/// Two steps from equal gradients, the second one's to be clipped; then one that is not finite.
TEST(Optimizer, AheadOfTheHostIsTheSame) {
  const auto leaf = [](const Placement& where) {
    return normal_named(3, "w", {4, 3}).to(where.device).detach().set_requires_grad(true);
  };
  const at::Tensor here = leaf({}), there = leaf(device());
  Optimizer host({{"w", here}}, 0.01, 1, 0.9), card({{"w", there}}, 0.01, 1, 0.9);
  for (const double size : {0.1, 10.0}) {
    const at::Tensor gradient = normal_named(4, "g", {4, 3}) * size;
    here.mutable_grad() = gradient.clone();
    there.mutable_grad() = gradient.to(device().device);
    const int64_t before = host_cuda::waits();
    const at::Tensor norm = card.step_ahead(1e-2);
    EXPECT_EQ(host_cuda::waits(), before);
    EXPECT_NEAR(host.step(1e-2), norm.item<double>(), 1e-5 * size);
  }
  for (const auto& [name, value] : host.state())
    EXPECT_LT((value - card.state().at(name).cpu()).abs().max().item<double>(), 1e-6) << name;

  const at::Tensor before = there.detach().cpu().clone();
  there.mutable_grad() = at::full({4, 3}, std::nan(""), device().options());
  EXPECT_FALSE(std::isfinite(card.step_ahead(1e-2).item<double>()));
  EXPECT_TRUE(at::equal(there.detach().cpu(), before)) << "it took the step";
  EXPECT_EQ(card.state().at("steps").item<float>(), 2);
}

TEST(DeviceMemory, IsALineThatSaysWhatToLower) {
  host_cuda::limit_memory(int64_t{1} << 20);
  std::string line;
  try {
    at::ones({1 << 20}, device().options());
  } catch (const std::exception& error) {
    line = lack_of(error).value_or("");
  }
  host_cuda::limit_memory(0);
  EXPECT_EQ(line.find("CUDA out of memory. Tried to allocate 4194304 bytes. GPU 0 has a total capacity"), 0u) << line;
  EXPECT_NE(line.find("; lower the batch"), std::string::npos) << line;
  EXPECT_EQ(line.find("Hints"), std::string::npos) << line;
  EXPECT_FALSE(lack_of(std::runtime_error("something else")).has_value());
}

TEST(Placement, NamesDevicesAndRefusesOthers) {
  EXPECT_EQ(read_placement("cuda", "x").device.str(), "cuda:0");
  EXPECT_EQ(read_placement("cuda:3", "x").device.str(), "cuda:3");
  for (const char* wrong : {"cuda:", "cuda:x", "cuda:-1", "cuda:1000", "gpu", "CUDA"})
    EXPECT_THROW(read_placement(wrong, "x"), UserError) << wrong;
  try {
    ready_placement("cuda:1", "--device");
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissing);
    EXPECT_NE(std::string(error.what()).find("there is 1, numbered from 0; check with: nvidia-smi"), std::string::npos);
  }
  const Json said = device().to_json();
  EXPECT_EQ(said.at("device"), "cuda:0");
  EXPECT_EQ(said.at("card").at("runtime"), "CUDA 13.0");
  EXPECT_FALSE(said.at("tf32").at("products").get<bool>());
  EXPECT_FALSE(said.at("tf32").at("convolutions").get<bool>());
  EXPECT_FALSE(said.at("deterministic").at("cudnn_benchmark").get<bool>());
}

}  // namespace
}  // namespace emf
