// SPDX-License-Identifier: Apache-2.0
#include "harness/objectives/tangent.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/forward_grad.h>

#include <functional>

#include "harness/base/error.h"
#include "harness/kernels/device_operations.h"
#include "harness/kernels/layer_norm.h"
#include "harness/objectives/condition.h"
#include "harness/objectives/reference_tangent.h"

namespace emf {
namespace {

/// f of z, t and interval, each with its direction.
void for_moving(ModelInputs& inputs, const std::function<void(Dual&)>& f) {
  for (Dual* input : {&inputs.z, &inputs.t, &inputs.interval}) {
    if (input->value.defined()) f(*input);
  }
}

int64_t moving_rows(const ModelInputs& inputs) {
  int64_t rows = 0;
  for (const Dual* input : {&inputs.z, &inputs.t, &inputs.interval}) {
    if (!input->has_tangent()) continue;
    ensure(rows == 0 || rows == input->tangent_rows(), "tangents of {} and of {} rows meet", rows,
           input->tangent_rows());
    rows = input->tangent_rows();
  }
  return rows;
}

/// The rows that move, without their graph.
ModelInputs moving_part(const ModelInputs& inputs, int64_t rows) {
  const auto first = [rows](const at::Tensor& x) { return x.defined() ? x.detach().narrow(0, 0, rows) : x; };
  ModelInputs part = inputs;
  for_moving(part, [&](Dual& input) { input.value = first(input.value); });
  part.condition = {first(inputs.condition.tokens), first(inputs.condition.mask)};
  for (auto& [name, scalar] : part.scalars) scalar = first(scalar);
  return part;
}

/// The same without directions.
ModelInputs still(ModelInputs inputs) {
  for_moving(inputs, [](Dual& input) { input.tangent = at::Tensor(); });
  return inputs;
}

/// A level of forward-mode AD that ends with its scope.
class AdLevel {
 public:
  AdLevel() : index_(torch::autograd::ForwardADLevel::get_next_idx()) {}
  ~AdLevel() { torch::autograd::ForwardADLevel::release_idx(index_); }
  AdLevel(const AdLevel&) = delete;
  AdLevel& operator=(const AdLevel&) = delete;
  int64_t index() const { return static_cast<int64_t>(index_); }

 private:
  uint64_t index_;
};

ModelOutputs by_forward_ad(const Model& model, ModelInputs part) {
  const at::NoGradGuard no_grad;
  const PlainOperations differentiable;
  const AdLevel level;
  for_moving(part, [&](Dual& input) {
    if (!input.has_tangent()) return;
    input.value = at::_make_dual(input.value, input.tangent.to(input.value.scalar_type()), level.index());
    input.tangent = at::Tensor();
  });
  ModelOutputs outputs = model.forward(part);
  const auto unpack = [&](Dual& output) {
    const auto [value, tangent] = at::_unpack_dual(output.value, level.index());
    output = {value, tangent.defined() ? tangent.clone() : at::zeros_like(value)};
  };
  unpack(outputs.u);
  for (auto& [name, head] : outputs.heads) unpack(head);
  return outputs;
}

ModelOutputs by_double_backward(const Model& model, const ModelInputs& part) {
  const GraphedTangents graphed = reference_tangents(model, part);
  ModelOutputs outputs{{graphed.u.detach(), graphed.u_tangent.detach()}, {}};
  for (const auto& [name, head] : graphed.heads) {
    outputs.heads[name] = {head.detach(), graphed.heads_tangent.at(name).detach()};
  }
  return outputs;
}

ModelOutputs by_difference(const Model& model, const ModelInputs& part, double step) {
  const at::NoGradGuard no_grad;
  const auto at_distance = [&](double distance) {
    ModelInputs moved = part;
    for_moving(moved, [&](Dual& input) {
      if (input.has_tangent()) input.value = input.value + distance * input.tangent;
      input.tangent = at::Tensor();
    });
    return model.forward(moved);
  };
  const ModelOutputs ahead = at_distance(step), behind = at_distance(-step);
  const auto slope = [&](const Dual& a, const Dual& b) { return Dual{a.value, (a.value - b.value) / (2 * step)}; };
  ModelOutputs outputs{slope(ahead.u, behind.u), {}};
  for (const auto& [name, head] : ahead.heads) outputs.heads[name] = slope(head, behind.heads.at(name));
  return outputs;
}

ModelOutputs moved_alone(const Model& model, const ModelInputs& part, const TangentChoice& choice) {
  if (choice.way == TangentWay::kForwardAd) return by_forward_ad(model, part);
  if (choice.way == TangentWay::kDoubleBackward) return by_double_backward(model, part);
  return by_difference(model, part, choice.step);
}

}  // namespace

const std::vector<std::string>& tangent_ways() {
  static const std::vector<std::string> words = {"dual", "forward_ad", "double_backward", "finite_difference"};
  return words;
}

TangentWay tangent_way(const std::string& word) {
  for (size_t i = 0; i < tangent_ways().size(); ++i) {
    if (tangent_ways()[i] == word) return static_cast<TangentWay>(i);
  }
  fail_input("'{}' is no way to du/dt", word);
}

TangentChoice TangentChoice::read(ConfigReader& reader) {
  TangentChoice choice;
  choice.way = tangent_way(reader.choice("tangent", "dual", tangent_ways(),
                                         "how du/dt is computed; all but the finite difference are exact"));
  choice.step = reader.number("difference_step", choice.step, 1e-6, 0.5,
                              "of tangent = \"finite_difference\": how far ahead and behind, in times");
  return choice;
}

Json TangentChoice::fingerprint() const {
  if (way == TangentWay::kDual) return Json::object();
  Json print = {{"tangent", tangent_ways().at(static_cast<size_t>(way))}};
  if (way == TangentWay::kFiniteDifference) print["difference_step"] = step;
  return print;
}

double TangentChoice::forwards() const {
  // Forward mode multiplies each weight by the tangent, and a weight's own tangent of zeros by the value. Reverse mode
  // runs the value, its backward pass with a graph, and the derivative of that.
  switch (way) {
    case TangentWay::kDual:
      return 1;
    case TangentWay::kForwardAd:
      return 3;
    case TangentWay::kDoubleBackward:
      return 4;
    case TangentWay::kFiniteDifference:
      return 2;
  }
  return 1;
}

ModelOutputs forward_with_tangent(const Model& model, const ModelInputs& inputs, const TangentChoice& choice) {
  const int64_t rows = moving_rows(inputs);
  if (choice.way == TangentWay::kDual || rows == 0) return model.forward(inputs);
  ModelOutputs outputs = model.forward(still(inputs));
  const ModelOutputs moved = moved_alone(model, moving_part(inputs, rows), choice);
  outputs.u.tangent = moved.u.tangent;
  for (auto& [name, head] : outputs.heads) head.tangent = moved.heads.at(name).tangent;
  return outputs;
}

}  // namespace emf
