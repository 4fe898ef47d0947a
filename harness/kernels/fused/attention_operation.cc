// SPDX-License-Identifier: Apache-2.0
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "harness/kernels/fused/attention.h"
#include "harness/kernels/fused/operation_tensors.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/tangent_rows.h"

namespace emf::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What goes around autograd: tangents, which never carry a graph, and what no gradient is asked of.
struct Request {
  int64_t heads = 0, moving = 0;
  at::Tensor mask, q_tangent, k_tangent, v_tangent;
  at::Tensor output_tangent;  ///< out
};

/// [B,N,H*d] as kernels read it: a piece of wider rows where its places are multiples of 16 bytes, else a copy.
at::Tensor rows_of(const at::Tensor& x, at::ScalarType type) {
  if (!x.defined()) return {};
  const at::Tensor rows = x.detach().to(type);
  const int64_t unit = 16 / rows.element_size();
  const bool fits =
      rows.stride(2) == 1 && rows.stride(1) % unit == 0 && rows.stride(0) % unit == 0 && is_at_multiple(rows, 16);
  return fits ? rows : rows.contiguous();
}

HeadRows head_rows(const at::Tensor& x, int64_t heads) {
  if (!x.defined()) return {};
  return {x.const_data_ptr(), x.stride(0), x.stride(1), x.size(2) / heads};
}

class AttentionFunction : public torch::autograd::Function<AttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q_value, const at::Tensor& k_value,
                            const at::Tensor& v_value, Request* request) {
    const at::ScalarType type = q_value.scalar_type();
    const at::Tensor q = rows_of(q_value, type), k = rows_of(k_value, type), v = rows_of(v_value, type),
                     q_tangent = rows_of(request->q_tangent, type), k_tangent = rows_of(request->k_tangent, type),
                     v_tangent = rows_of(request->v_tangent, type);
    const int64_t heads = request->heads, rows = q.size(0), queries = q.size(1), width = q.size(2);
    const at::Tensor output = at::empty({rows, queries, width}, q.options());
    if (request->moving > 0) request->output_tangent = at::empty({request->moving, queries, width}, q.options());
    const at::Tensor log_sum_exp = at::empty({rows, heads, queries}, q.options().dtype(at::kFloat));

    DualAttention call;
    call.element = *element_type(q);
    call.batch = rows, call.tangent_batch = request->moving, call.heads = heads;
    call.queries = queries, call.keys = k.size(1), call.head_size = width / heads;
    call.scale = scale_of(call.head_size);
    call.q = head_rows(q, heads), call.k = head_rows(k, heads), call.v = head_rows(v, heads);
    call.q_tangent = head_rows(q_tangent, heads), call.k_tangent = head_rows(k_tangent, heads);
    call.v_tangent = head_rows(v_tangent, heads);
    call.mask = static_cast<const bool*>(place_of(request->mask));
    call.output = mutable_place_of(output), call.output_tangent = mutable_place_of(request->output_tangent);
    call.log_sum_exp = static_cast<float*>(mutable_place_of(log_sum_exp));
    launch(&Launchers::attention, call, q.device(), "attention");

    context->set_materialize_grads(false);
    context->save_for_backward({q, k, v, output, log_sum_exp, request->mask});
    context->saved_data["heads"] = heads;
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    refuse_second_derivative("attention");
    if (!gradients.front().defined()) return {{}, {}, {}, {}};
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &output = saved[3], &log_sum_exp = saved[4],
                     &mask = saved[5];
    const c10::DeviceGuard guard(q.device());
    const int64_t heads = context->saved_data["heads"].toInt();
    const at::Tensor gradient = rows_of(gradients.front(), q.scalar_type());
    const auto like = [](const at::Tensor& x) { return at::empty(x.sizes(), x.options()); };
    const at::Tensor q_gradient = like(q), k_gradient = like(k), v_gradient = like(v);

    AttentionGradient call;
    call.element = *element_type(q);
    call.batch = q.size(0), call.heads = heads, call.queries = q.size(1), call.keys = k.size(1);
    call.head_size = q.size(2) / heads, call.scale = scale_of(call.head_size);
    call.q = head_rows(q, heads), call.k = head_rows(k, heads), call.v = head_rows(v, heads);
    call.mask = static_cast<const bool*>(place_of(mask));
    call.output = head_rows(output, heads), call.output_gradient = head_rows(gradient, heads);
    call.log_sum_exp = static_cast<const float*>(place_of(log_sum_exp));
    const at::Tensor rows = at::empty({q.size(0), heads, padded_rows(q.size(1)), 2}, log_sum_exp.options());
    call.rows = static_cast<RowNumbers*>(mutable_place_of(rows));
    call.q_gradient = head_rows(q_gradient, heads), call.k_gradient = head_rows(k_gradient, heads);
    call.v_gradient = head_rows(v_gradient, heads);
    launch(&Launchers::attention_gradient, call, q.device(), "attention_gradient");
    return {q_gradient, k_gradient, v_gradient, {}};
  }

 private:
  static float scale_of(int64_t head_size) { return static_cast<float>(1 / std::sqrt(static_cast<double>(head_size))); }
};

}  // namespace

std::optional<Dual> attention(const Dual& q, const Dual& k, const Dual& v, int64_t num_heads, const at::Tensor& mask) {
  const at::ScalarType type = q.value.scalar_type();
  if (!element_type(q.value) || k.value.scalar_type() != type || v.value.scalar_type() != type) return {};
  const int64_t head_size = q.value.size(-1) / num_heads;
  if (q.value.dim() != 3 || q.value.numel() == 0 || head_size % 8 != 0 || head_size > 128) return {};
  const int64_t moving = common_tangent_rows({&q, &k, &v});
  const bool all = k.has_tangent() && v.has_tangent(), none = !k.has_tangent() && !v.has_tangent();
  if (moving > 0 && (!q.has_tangent() || !(all || none))) return {};

  const c10::DeviceGuard guard(q.value.device());
  Request request{num_heads, moving,    mask.defined() ? mask.to(at::kBool).contiguous() : at::Tensor(),
                  q.tangent, k.tangent, v.tangent,
                  {}};
  const at::Tensor output = AttentionFunction::apply(q.value, k.value, v.value, &request);
  return Dual{output, request.output_tangent};
}

}  // namespace emf::fused
