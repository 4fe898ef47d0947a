// SPDX-License-Identifier: Apache-2.0
// The whole network on a device's kernels (here on the host: tests/host_kernels.cc) against plain operations in double.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/api/model.h"
#include "harness/kernels/fused/operations.h"
#include "harness/tensor/autocast.h"
#include "tests/kernels_in_use.h"
#include "tests/oracle/forward_mode.h"
#include "tests/small_model.h"

namespace emf {
namespace {

constexpr int64_t kRows = 6, kText = 5, kDimension = 20;
const ModelShape kShape{4, 6, 6, kDimension};
const ModelDemands kDemands{{"v"}, {"guidance"}};

std::unique_ptr<Model> make_model(const at::Device& device) {
  const Options options(Json{{"width", 72}, {"depth", 3}, {"heads", 2}}, "test");
  Placement placement;
  placement.device = device;
  auto model = ModelRegistry::instance().make("dit", options, {kShape, 1, kDemands, placement});
  const at::NoGradGuard no_grad;
  at::manual_seed(11);
  for (const auto& [name, parameter] : model->parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.copy_(at::randn(parameter.sizes()) * 0.05);
  }
  return model;
}

struct Results {
  std::vector<at::Tensor> values, tangents, gradients;  ///< of u and v; of every parameter
};

/// @param moving  K; 0 = nothing moves.
Results run(Model& model, const at::Device& device, at::ScalarType type, int64_t moving, bool autocast = false) {
  at::manual_seed(5);
  const auto draw = [&](at::IntArrayRef shape) { return at::randn(shape).to(device, type); };
  const at::Tensor z = draw({kRows, 4, 6, 6}), v = draw({kRows, 4, 6, 6}), text = draw({kRows, kText, kDimension}),
                   t = at::rand({kRows}).to(device, type), interval = t * 0.5;
  at::Tensor mask = at::rand({kRows, kText}) < 0.6;
  mask.select(1, 0).fill_(true);
  const auto tangent = [&](const at::Tensor& direction) {
    return moving > 0 ? direction.narrow(0, 0, moving) : at::Tensor();
  };
  const at::Tensor ones = at::ones_like(t);
  const ModelInputs inputs{{z, tangent(v)},
                           {t, tangent(ones)},
                           {interval, tangent(ones)},
                           {text, mask.to(device)},
                           {{"guidance", at::full_like(t, 0.3)}}};
  const ModelOutputs outputs = [&] {
    const Autocast products(autocast, device.type());
    return model.forward(inputs);
  }();
  Results results;
  at::Tensor loss;
  for (const Dual& out : {outputs.u, outputs.heads.at("v")}) {
    results.values.push_back(out.value.detach().cpu());
    if (out.has_tangent()) results.tangents.push_back(out.tangent.cpu());
    const at::Tensor part = (out.value * at::randn(out.value.sizes()).to(device, out.value.scalar_type())).sum();
    loss = loss.defined() ? loss + part : part;
  }
  std::vector<at::Tensor> leaves;
  for (const auto& [name, parameter] : model.parameters()) leaves.push_back(parameter);
  for (const at::Tensor& gradient : torch::autograd::grad({loss}, leaves)) results.gradients.push_back(gradient.cpu());
  return results;
}

double worst(const std::vector<at::Tensor>& ours, const std::vector<at::Tensor>& reference) {
  EXPECT_EQ(ours.size(), reference.size());
  double largest = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const double error = relative_error(ours[i], reference[i]);
    largest = error < largest ? largest : error;  // NaN stays
  }
  return largest;
}

class DitOnKernels : public KernelTest {
 protected:
  Results reference(int64_t moving) {
    const PlainOperations plain;
    const auto model = make_model(at::kCPU);
    for (const auto& [name, parameter] : model->parameters()) parameter.set_data(parameter.detach().to(at::kDouble));
    return run(*model, at::kCPU, at::kDouble, moving);
  }

  void expect_close(int64_t moving, bool autocast, double tolerance) {
    const Results expected = reference(moving);
    const KernelsInUse kernels(operations_under_test());
    const auto model = make_model(kernel_device());
    const PoisonedMemory poisoned;
    const Results found = run(*model, kernel_device(), at::kFloat, moving, autocast);
    EXPECT_EQ(found.tangents.size(), moving > 0 ? 2u : 0u);
    EXPECT_LT(worst(found.values, expected.values), tolerance);
    EXPECT_LT(worst(found.tangents, expected.tangents), tolerance);
    EXPECT_LT(worst(found.gradients, expected.gradients), tolerance);
  }
};

TEST_F(DitOnKernels, SinglePrecision) {
  for (const int64_t moving : {int64_t{0}, int64_t{1}, kRows}) expect_close(moving, false, 1e-5);
}

TEST_F(DitOnKernels, Bfloat16Products) { expect_close(4, /*autocast=*/true, 0.03); }

int64_t calls = 0;

/// An entry that counts its calls and answers nothing.
template <class Result, class... Inputs>
void count(std::optional<Result> (*&entry)(Inputs...)) {
  entry = [](Inputs...) {
    ++calls;
    return std::optional<Result>();
  };
}

TEST_F(DitOnKernels, EveryLayerAsksTheTable) {
  DeviceOperations counting;
  counting.device = kernel_device().type();
  count(counting.residual_norm);
  count(counting.gated_residual);
  count(counting.gelu);
  count(counting.silu);
  count(counting.time_embedding);
  count(counting.attention);
  const auto model = make_model(kernel_device());
  const Results without = [&] {
    const PlainOperations plain;
    return run(*model, kernel_device(), at::kFloat, 2);
  }();
  const KernelsInUse kernels(counting);
  const Results with = run(*model, kernel_device(), at::kFloat, 2);
  // A block: three norms, each asking again as a layer_norm, two gates, a gelu, two attentions. Around them: the final
  // norms and the text's, one gate, gelu, times and silus.
  const int64_t blocks = 3 * (3 + 3 + 2 + 1 + 2) - 1, ends = 2 * 2 + 1 + 1 + 1 + 3 + 4;
  EXPECT_EQ(calls, blocks + ends);
  EXPECT_EQ(worst(with.values, without.values), 0);
  EXPECT_EQ(worst(with.tangents, without.tangents), 0);
}

}  // namespace
}  // namespace emf
