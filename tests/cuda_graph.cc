// SPDX-License-Identifier: Apache-2.0
// A whole step (value, tangent, backward pass, optimizer) captured in one CUDA graph: what a host sync in it would
// forbid. Its replays train as the same steps do one operation at a time.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/api/model.h"
#include "harness/kernels/fused/operations.h"
#include "harness/tensor/autocast.h"
#include "tests/kernels_in_use.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kRows = 8, kMoving = 4, kText = 5, kDimension = 20;

/// A small DiT under AdamW, fed the same pictures again and again.
struct Training {
  std::unique_ptr<Model> model;
  std::vector<at::Tensor> weights;
  std::unique_ptr<FusedAdamw> optimizer;
  ModelInputs inputs;
  at::Tensor rate, target_loss;
  bool autocast;

  explicit Training(bool bfloat16) : autocast(bfloat16) {
    at::manual_seed(5);
    Placement placement;
    placement.device = kernel_device();
    const Options options(Json{{"width", 128}, {"depth", 2}, {"heads", 2}}, "test");
    model = ModelRegistry::instance().make("dit", options, {{4, 8, 8, kDimension}, 1, {}, placement});
    FusedAdamwTensors tensors;
    for (const auto& [name, parameter] : model->parameters()) {
      weights.push_back(parameter);
      const at::NoGradGuard no_grad;
      if (parameter.abs().max().item<double>() == 0) parameter.copy_(at::randn(parameter.sizes()) * 0.05);
      tensors.weights.push_back(parameter.detach());
      for (auto* list : {&tensors.moments1, &tensors.moments2, &tensors.averages}) {
        list->push_back(at::zeros_like(parameter));
      }
    }
    optimizer = fused::fused_adamw(tensors, {0.9, 0.99, 1e-8, 0.01, 1, 0.9});
    const auto on_device = [](const at::Tensor& x) { return x.to(kernel_device()); };
    const at::Tensor z = on_device(at::randn({kRows, 4, 8, 8})), ones = on_device(at::ones({kMoving})),
                     t = on_device(at::rand({kRows})), text = on_device(at::randn({kRows, kText, kDimension}));
    const at::Tensor mask = on_device(at::ones({kRows, kText}, at::kBool));
    inputs = {{z, on_device(at::randn({kMoving, 4, 8, 8}))}, {t, ones}, {t * 0.5, ones}, {text, mask}, {}};
    rate = on_device(at::full({}, 1e-3, at::kDouble));
  }

  void step() {
    const Dual u = [&] {
      const Autocast products(autocast, kernel_device().type());
      return model->forward(inputs).u;
    }();
    const at::Tensor value = u.value.to(at::kFloat);
    const at::Tensor target = at::cat({u.tangent.to(at::kFloat), at::zeros_like(value).narrow(0, 0, kRows - kMoving)});
    const at::Tensor loss = (value - inputs.z.value + 0.1 * target).square().mean();
    optimizer->step(torch::autograd::grad({loss}, weights), rate);
  }
};

using CapturedStep = KernelTest;

TEST_F(CapturedStep, TrainsAsTheSameStepsOneByOne) {
  constexpr int kWarmUp = 3, kReplays = 4;
  for (const bool bfloat16 : {false, true}) {
    const KernelsInUse kernels(operations_under_test());
    Training eager(bfloat16), captured(bfloat16);
    for (int i = 0; i < kWarmUp + kReplays; ++i) eager.step();
    at::cuda::CUDAGraph graph;
    {
      const c10::cuda::CUDAStreamGuard stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, 0));
      for (int i = 0; i < kWarmUp; ++i) captured.step();
      c10::cuda::device_synchronize();
      graph.capture_begin();
      captured.step();
      graph.capture_end();
      for (int i = 0; i < kReplays; ++i) graph.replay();
      c10::cuda::device_synchronize();
    }
    EXPECT_EQ(captured.optimizer->counts().steps, kWarmUp + kReplays);
    EXPECT_LT(std::abs(captured.optimizer->norm().item<double>() / eager.optimizer->norm().item<double>() - 1), 1e-3);
    for (size_t i = 0; i < eager.weights.size(); ++i) {
      EXPECT_LT(relative_error(captured.weights[i].detach().cpu(), eager.weights[i].detach().cpu()), 1e-3) << i;
    }
  }
}

}  // namespace
}  // namespace emf
