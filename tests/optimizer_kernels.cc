// SPDX-License-Identifier: Apache-2.0
// The trainer's optimizer on a device's fused step against itself without: the same training, checkpoints included.
#include <gtest/gtest.h>

#include "harness/engine/training/optimizer.h"
#include "harness/kernels/fused/operations.h"
#include "tests/kernels_in_use.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

using OptimizerOnKernels = KernelTest;

struct Leaves {
  NamedParameters parameters;
  std::unique_ptr<Optimizer> optimizer;

  Leaves() {
    at::manual_seed(1);
    for (const char* name : {"a", "b", "c"}) {
      parameters.emplace_back(name, at::randn({7, 33}).to(kernel_device()).requires_grad_());
    }
    renew();
  }
  void renew() { optimizer = std::make_unique<Optimizer>(parameters, 0.01, 2, 0.9, std::vector<double>{1, 0.1, 1}); }
  /// @return  the norm.
  double step(int number, bool ahead) {
    at::manual_seed(100 + number);
    for (size_t i = 0; i < 2; ++i) {  // the third is not reached by the loss
      at::Tensor parameter = parameters[i].second;
      parameter.mutable_grad() = at::randn({7, 33}).to(kernel_device());
    }
    return ahead ? optimizer->step_ahead(1e-2).item<double>() : optimizer->step(1e-2);
  }
};

TEST_F(OptimizerOnKernels, TrainsAndResumesAsWithoutThem) {
  for (const bool ahead : {false, true}) {
    Leaves fused, plain;
    const auto train = [&](Leaves& leaves, const DeviceOperations& table) {
      const KernelsInUse kernels(table);
      double norms = 0;
      for (int i = 0; i < 4; ++i) norms += leaves.step(i, ahead);
      const NamedTensors saved = leaves.optimizer->state();
      leaves.renew();
      leaves.optimizer->load(saved, {}, "a checkpoint");
      for (int i = 4; i < 7; ++i) norms += leaves.step(i, ahead);
      EXPECT_FALSE(leaves.parameters[0].second.grad().defined());
      // Once more over a state of its own, where counts go back.
      leaves.optimizer->load(saved, {}, "a checkpoint");
      return norms + leaves.step(7, ahead);
    };
    const double ours = train(fused, operations_under_test()), theirs = train(plain, {});
    EXPECT_LT(std::abs(ours / theirs - 1), 1e-6);
    const NamedTensors found = fused.optimizer->state();
    for (const auto& [name, tensor] : plain.optimizer->state()) {
      const double size = tensor.abs().max().item<double>();
      if (size == 0) {
        EXPECT_EQ(found.at(name).abs().max().item<double>(), 0) << name;
      } else {
        EXPECT_LT(relative_error(found.at(name).cpu(), tensor.cpu()), 1e-5) << name;
      }
    }
  }
}

}  // namespace
}  // namespace emf
