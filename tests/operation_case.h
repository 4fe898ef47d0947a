// SPDX-License-Identifier: Apache-2.0
// An operation on duals held against another in double: values, tangents and every input's gradient.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/tensor/dual.h"
#include "tests/kernel_device.h"
#include "tests/oracle/forward_mode.h"

namespace emf {

using DualOperation = std::function<std::vector<Dual>(const std::vector<Dual>&)>;

/// One input: its value in double, whether its first K rows move, and the type the operation gets it in.
struct OperationInput {
  at::Tensor value;  ///< undefined = absent
  bool moves = false;
  at::ScalarType type = at::kFloat;
};

/// What one run gave, in double on the host: values and tangents of the outputs, gradients of the inputs.
struct OperationResults {
  std::vector<at::Tensor> values, tangents, gradients;
};

/// @param tangents, weights  of the inputs' tangents and of the outputs' gradients, in double.
inline OperationResults run_operation(const DualOperation& operation, const std::vector<OperationInput>& inputs,
                                      const std::vector<at::Tensor>& tangents, const std::vector<at::Tensor>& weights,
                                      bool in_double) {
  const at::Device device = in_double ? at::Device(at::kCPU) : kernel_device();
  std::vector<Dual> duals;
  std::vector<at::Tensor> leaves;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Dual dual;
    if (inputs[i].value.defined()) {
      const auto type = in_double ? at::kDouble : inputs[i].type;
      dual.value = inputs[i].value.to(device, type, false, /*copy=*/true).requires_grad_();
      leaves.push_back(dual.value);
      if (tangents[i].defined()) dual.tangent = tangents[i].to(device, type, false, /*copy=*/true);
    }
    duals.push_back(dual);
  }
  OperationResults results;
  std::vector<at::Tensor> outputs, gradients;
  const std::vector<Dual> out = operation(duals);
  for (size_t i = 0; i < out.size(); ++i) {
    EXPECT_FALSE(out[i].tangent.defined() && out[i].tangent.requires_grad());
    outputs.push_back(out[i].value);
    gradients.push_back(weights[i].to(device, out[i].value.scalar_type()));
    results.values.push_back(out[i].value.detach().cpu().to(at::kDouble));
    results.tangents.push_back(out[i].has_tangent() ? out[i].tangent.cpu().to(at::kDouble) : at::Tensor());
  }
  for (const at::Tensor& gradient : torch::autograd::grad(outputs, leaves, gradients, /*retain_graph=*/false,
                                                          /*create_graph=*/false, /*allow_unused=*/true)) {
    results.gradients.push_back(gradient.defined() ? gradient.cpu().to(at::kDouble) : at::Tensor());
  }
  return results;
}

inline void expect_near_all(const std::vector<at::Tensor>& ours, const std::vector<at::Tensor>& reference,
                            double tolerance, const std::string& what) {
  ASSERT_EQ(ours.size(), reference.size()) << what;
  for (size_t i = 0; i < ours.size(); ++i) {
    ASSERT_EQ(ours[i].defined(), reference[i].defined()) << what << " " << i;
    if (!ours[i].defined()) continue;
    ASSERT_EQ(ours[i].sizes(), reference[i].sizes()) << what << " " << i;
    // Element by element as well: a norm over many numbers would hide a few wrong ones.
    const double size = std::max(reference[i].abs().max().item<double>(), 1e-30);
    const double worst = (ours[i] - reference[i]).abs().max().item<double>() / size;
    EXPECT_TRUE(worst < 4 * tolerance) << what << " " << i << ": worst " << worst;  // false for NaN
    const double error = ours[i].numel() > 1 ? relative_error(ours[i], reference[i]) : worst;
    EXPECT_TRUE(error < tolerance) << what << " " << i << ": " << error;
  }
}

/// @param inputs  their values are rounded to their types first, so that both see the same numbers.
/// @param moving_rows  K of every input that moves; 0 = none does.
/// @param tolerance  of ||a - b|| / ||b||, and a quarter of that of max |a - b| / max |b|.
inline void expect_operation(const DualOperation& ours, const DualOperation& reference,
                             std::vector<OperationInput> inputs, int64_t moving_rows, double tolerance) {
  std::vector<at::Tensor> tangents;
  std::vector<Dual> plain;
  for (OperationInput& input : inputs) {
    tangents.emplace_back();
    plain.emplace_back();
    if (!input.value.defined()) continue;
    input.value = input.value.to(input.type).to(at::kDouble);
    plain.back().value = input.value;
    if (!input.moves || moving_rows == 0) continue;
    tangents.back() = at::randn_like(input.value.narrow(0, 0, moving_rows)).to(input.type).to(at::kDouble);
  }
  std::vector<at::Tensor> weights;
  for (const Dual& out : reference(plain))
    weights.push_back(at::randn_like(out.value).to(at::kBFloat16).to(at::kDouble));
  const OperationResults expected = run_operation(reference, inputs, tangents, weights, /*in_double=*/true);
  const PoisonedMemory poisoned;
  const OperationResults found = run_operation(ours, inputs, tangents, weights, /*in_double=*/false);
  expect_near_all(found.values, expected.values, tolerance, "value");
  expect_near_all(found.tangents, expected.tangents, tolerance, "tangent");
  expect_near_all(found.gradients, expected.gradients, tolerance, "gradient");
}

}  // namespace emf
