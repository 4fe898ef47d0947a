// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/attention.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>

#include "harness/kernels/device_operations.h"
#include "harness/kernels/tangent_rows.h"

namespace emf {
namespace {

/// [B,N,H*d] -> [B,H,N,d]
at::Tensor split_heads(const at::Tensor& x, int64_t num_heads) {
  return x.unflatten(-1, {num_heads, x.size(-1) / num_heads}).transpose(1, 2);
}

/// [B,H,N,d] -> [B,N,H*d]
at::Tensor merge_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

}  // namespace

Dual attention(const Dual& q, const Dual& k, const Dual& v, int64_t num_heads, const at::Tensor& mask) {
  const DeviceOperations* device = device_operations(q.value);
  if (device != nullptr && device->attention != nullptr) {
    common_tangent_rows({&q, &k, &v});  // for its check
    if (auto fused = device->attention(q, k, v, num_heads, mask)) return *fused;
  }
  const at::Tensor queries = split_heads(q.value, num_heads), keys = split_heads(k.value, num_heads),
                   values = split_heads(v.value, num_heads);
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(-1)));
  at::Tensor scores = at::matmul(queries, keys.transpose(-2, -1)) * scale;
  if (mask.defined()) {
    scores = scores.masked_fill(mask.logical_not().unsqueeze(1).unsqueeze(1), -std::numeric_limits<float>::infinity());
  }
  const at::Tensor weights = at::softmax(scores, -1);  // P
  Dual output{merge_heads(at::matmul(weights, values)), {}};
  const int64_t rows = common_tangent_rows({&q, &k, &v});
  if (rows == 0) return output;

  // Each of q, k and v may stand still: text moves neither keys nor values, a fixed set of learnt queries does not
  // move.
  const c10::AutoGradMode no_grad(false);
  const at::Tensor p = weights.narrow(0, 0, rows);
  if (q.has_tangent() || k.has_tangent()) {
    at::Tensor scores_tangent;  // S', before the scale
    if (q.has_tangent()) {
      scores_tangent = at::matmul(split_heads(q.tangent, num_heads), keys.narrow(0, 0, rows).transpose(-2, -1));
    }
    if (k.has_tangent()) {
      const at::Tensor moved =
          at::matmul(queries.narrow(0, 0, rows), split_heads(k.tangent, num_heads).transpose(-2, -1));
      scores_tangent = scores_tangent.defined() ? scores_tangent.add_(moved) : moved;
    }
    scores_tangent *= scale;
    const at::Tensor p_tangent = p * (scores_tangent - (p * scores_tangent).sum(-1, true));
    output.tangent = at::matmul(p_tangent, values.narrow(0, 0, rows));
  }
  if (v.has_tangent()) {
    const at::Tensor moved = at::matmul(p, split_heads(v.tangent, num_heads));
    output.tangent = output.has_tangent() ? output.tangent.add_(moved) : moved;
  }
  output.tangent = merge_heads(output.tangent);
  return output;
}

}  // namespace emf
