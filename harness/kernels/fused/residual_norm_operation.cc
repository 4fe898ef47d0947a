// SPDX-License-Identifier: Apache-2.0
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "harness/kernels/fused/operation_tensors.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/tangent_rows.h"

namespace emf::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<at::Tensor>;

/// What goes around autograd: tangents, which never carry a graph, and how the call is meant.
struct Request {
  ElementType stream, narrow;
  double eps = 0;
  bool wants_norm = true;
  at::Tensor x_tangent, gate_tangent, branch_tangent, shift_tangent, scale_tangent;
  int64_t moving = 0;                      ///< K
  at::Tensor sum_tangent, normed_tangent;  ///< out
};

at::Tensor value_of(const MaybeTensor& maybe) { return maybe.has_value() ? *maybe : at::Tensor(); }
MaybeTensor maybe(const at::Tensor& x) { return x.defined() ? MaybeTensor(x) : MaybeTensor(); }

int64_t tokens_of(const at::Tensor& x) { return x.numel() / (x.size(0) * x.size(-1)); }

at::Tensor rows_like(const at::Tensor& x, int64_t samples, ElementType type) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.front() = samples;
  return at::empty(sizes, x.options().dtype(scalar_type(type)));
}

class ResidualNormFunction : public torch::autograd::Function<ResidualNormFunction> {
 public:
  /// @return  the sum where there is a branch, then the norm where it is wanted.
  static variable_list forward(AutogradContext* context, const at::Tensor& x_value, const MaybeTensor& gate_value,
                               const MaybeTensor& branch_value, const MaybeTensor& shift_value,
                               const MaybeTensor& scale_value, Request* request) {
    const ElementType stream = request->stream, narrow = request->narrow;
    const at::Tensor x = packed(x_value, stream), branch = packed(value_of(branch_value), narrow),
                     gate = packed_vectors(value_of(gate_value), narrow),
                     shift = packed_vectors(value_of(shift_value), narrow),
                     scale = packed_vectors(value_of(scale_value), narrow),
                     x_tangent = packed(request->x_tangent, stream),
                     branch_tangent = packed(request->branch_tangent, narrow),
                     gate_tangent = packed_vectors(request->gate_tangent, narrow),
                     shift_tangent = packed_vectors(request->shift_tangent, narrow),
                     scale_tangent = packed_vectors(request->scale_tangent, narrow);
    const bool sum_moves = x_tangent.defined() || branch_tangent.defined() || gate_tangent.defined();
    at::Tensor sum, normed, mean, rstd;
    if (branch.defined()) {
      sum = rows_like(x, x.size(0), stream);
      if (sum_moves) request->sum_tangent = rows_like(x, request->moving, stream);
    }
    if (request->wants_norm) {
      normed = rows_like(x, x.size(0), narrow);
      if (request->moving > 0) request->normed_tangent = rows_like(x, request->moving, narrow);
      mean = at::empty({x.numel() / x.size(-1)}, x.options().dtype(at::kFloat));
      rstd = at::empty_like(mean);
    }

    ResidualNorm call{};
    call.samples = x.size(0), call.tokens = tokens_of(x), call.moving_samples = request->moving;
    call.width = static_cast<int>(x.size(-1)), call.epsilon = static_cast<float>(request->eps);
    call.stream = stream, call.narrow = narrow;
    call.x = place_of(x), call.branch = place_of(branch);
    call.gate = sample_vector(gate), call.shift = sample_vector(shift), call.scale = sample_vector(scale);
    call.x_tangent = place_of(x_tangent), call.branch_tangent = place_of(branch_tangent);
    call.gate_tangent = sample_vector(gate_tangent), call.shift_tangent = sample_vector(shift_tangent);
    call.scale_tangent = sample_vector(scale_tangent);
    call.sum = mutable_place_of(sum), call.normed = mutable_place_of(normed);
    call.mean = static_cast<float*>(mutable_place_of(mean)), call.rstd = static_cast<float*>(mutable_place_of(rstd));
    call.sum_tangent = mutable_place_of(request->sum_tangent);
    call.normed_tangent = mutable_place_of(request->normed_tangent);
    launch(&Launchers::residual_norm, call, x.device(), "residual_norm");

    context->set_materialize_grads(false);
    // The branch serves the gate's gradient alone.
    context->save_for_backward(
        {sum.defined() ? sum : x, gate, gate.defined() ? branch : at::Tensor(), scale, mean, rstd});
    context->saved_data["branch"] = branch.defined();
    context->saved_data["shift"] = shift.defined();
    context->saved_data["narrow"] = static_cast<int64_t>(narrow);
    variable_list outputs;
    if (sum.defined()) outputs.push_back(sum);
    if (normed.defined()) outputs.push_back(normed);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    refuse_second_derivative("residual_norm");
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &sum = saved[0], &gate = saved[1], &branch = saved[2], &scale = saved[3], &mean = saved[4],
                     &rstd = saved[5];
    const bool has_branch = context->saved_data["branch"].toBool(), has_shift = context->saved_data["shift"].toBool();
    const auto narrow = static_cast<ElementType>(context->saved_data["narrow"].toInt());
    const ElementType stream = *element_type(sum);
    const at::Tensor sum_gradient = has_branch ? packed(gradients.front(), stream) : at::Tensor();
    const at::Tensor normed_gradient = mean.defined() ? packed(gradients.back(), narrow) : at::Tensor();
    variable_list result(6);  // x, gate, branch, shift, scale, request
    if (!sum_gradient.defined() && !normed_gradient.defined()) return result;
    const c10::DeviceGuard guard(sum.device());

    // Edges are numbered over the inputs that are there.
    size_t edge = 0;
    const auto wanted = [&](bool is_there) { return is_there && context->needs_input_grad(edge++); };
    const bool x_wanted = wanted(true), gate_wanted = wanted(gate.defined()), branch_wanted = wanted(has_branch),
               shift_wanted = wanted(has_shift) && normed_gradient.defined(),
               scale_wanted = wanted(scale.defined()) && normed_gradient.defined();
    const auto vectors = [&] {
      return at::empty({sum.size(0), sum.size(-1)}, sum.options().dtype(scalar_type(narrow)));
    };
    // Without a norm behind it the sum's gradient is x's, and is handed on as it came.
    if (x_wanted) result[0] = normed_gradient.defined() ? at::empty_like(sum) : sum_gradient;
    if (gate_wanted) result[1] = vectors();
    if (branch_wanted) result[2] = rows_like(sum, sum.size(0), narrow);
    if (shift_wanted) result[3] = vectors();
    if (scale_wanted) result[4] = vectors();
    at::Tensor partial_sums;
    if (gate_wanted || shift_wanted || scale_wanted) {
      partial_sums =
          at::empty({launchers(sum.device())
                         .residual_norm_partial_sums(sum.size(0), tokens_of(sum), static_cast<int>(sum.size(-1)))},
                    sum.options().dtype(at::kFloat));
    }

    ResidualNormBackward call{};
    call.samples = sum.size(0), call.tokens = tokens_of(sum), call.width = static_cast<int>(sum.size(-1));
    call.stream = stream, call.narrow = narrow;
    call.sum = place_of(sum), call.branch = place_of(branch);
    call.mean = static_cast<const float*>(place_of(mean)), call.rstd = static_cast<const float*>(place_of(rstd));
    call.gate = sample_vector(gate), call.scale = sample_vector(scale);
    call.sum_gradient = place_of(sum_gradient), call.normed_gradient = place_of(normed_gradient);
    call.x_gradient = normed_gradient.defined() ? mutable_place_of(result[0]) : nullptr;
    call.gate_gradient = mutable_place_of(result[1]), call.branch_gradient = mutable_place_of(result[2]);
    call.shift_gradient = mutable_place_of(result[3]), call.scale_gradient = mutable_place_of(result[4]);
    call.partial_sums = static_cast<float*>(mutable_place_of(partial_sums));
    launch(&Launchers::residual_norm_backward, call, sum.device(), "residual_norm_backward");
    return result;
  }
};

/// The type of all but the stream: the widest of what comes in; the stream's where nothing does.
at::ScalarType narrow_type(const Dual& x, std::initializer_list<const Dual*> others) {
  std::optional<at::ScalarType> widest;
  for (const Dual* other : others) {
    if (!other->value.defined()) continue;
    const at::ScalarType type = other->value.scalar_type();
    widest = widest.has_value() ? c10::promoteTypes(*widest, type) : type;
  }
  return widest.value_or(x.value.scalar_type());
}

std::optional<NormedSum> run(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift, const Dual& scale,
                             double eps, bool wants_norm) {
  if (x.value.dim() < 2 || x.value.numel() == 0) return {};
  const at::ScalarType narrow_scalar = narrow_type(x, {&gate, &branch, &shift, &scale});
  const auto as = [](const at::Tensor& value, at::ScalarType type) {
    return value.defined() ? value.to(type) : value;  // with its graph
  };
  // A stream narrower than what is added to it becomes as wide, as ATen would make the sum.
  const at::Tensor value = x.value.to(c10::promoteTypes(x.value.scalar_type(), narrow_scalar));
  const auto stream = element_type(value), narrow = element_type(at::empty({0}, at::dtype(narrow_scalar)));
  if (!stream || !narrow || !launchers(value.device()).residual_norm_takes(value.size(-1), *stream, *narrow)) return {};
  if (branch.value.defined() && branch.value.sizes() != value.sizes()) return {};
  for (const Dual* vector : {&gate, &shift, &scale}) {
    if (vector->value.defined() && vector->value.sizes() != at::IntArrayRef({value.size(0), value.size(-1)})) return {};
  }

  const c10::DeviceGuard guard(value.device());
  Request request{*stream,
                  *narrow,
                  eps,
                  wants_norm,
                  x.tangent,
                  gate.tangent,
                  branch.tangent,
                  shift.tangent,
                  scale.tangent,
                  common_tangent_rows({&x, &gate, &branch, &shift, &scale}),
                  {},
                  {}};
  const variable_list outputs = ResidualNormFunction::apply(
      value, maybe(as(gate.value, narrow_scalar)), maybe(as(branch.value, narrow_scalar)),
      maybe(as(shift.value, narrow_scalar)), maybe(as(scale.value, narrow_scalar)), &request);
  NormedSum result;
  result.sum = branch.value.defined() ? Dual{outputs.front(), request.sum_tangent} : x;
  if (wants_norm) result.normed = {outputs.back(), request.normed_tangent};
  return result;
}

}  // namespace

std::optional<NormedSum> residual_norm(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift,
                                       const Dual& scale, double eps) {
  return run(x, gate, branch, shift, scale, eps, /*wants_norm=*/true);
}

std::optional<Dual> gated_residual(const Dual& x, const Dual& gate, const Dual& y) {
  auto result = run(x, gate, y, {}, {}, 0, /*wants_norm=*/false);
  return result ? std::optional<Dual>(result->sum) : std::nullopt;
}

}  // namespace emf::fused
