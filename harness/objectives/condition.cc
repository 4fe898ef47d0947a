// SPDX-License-Identifier: Apache-2.0
#include "harness/objectives/condition.h"

#include <ATen/ATen.h>

#include "harness/tensor/random_rows.h"

namespace emf {

at::Tensor draw_drop(const RowKeys& keys, double share) {
  return uniform_rows(keys.seed, "objective/drop", keys.samples) < share;
}

int64_t rows_apart(const Draw& draw) {
  return draw.num_apart >= 0 ? draw.num_apart : (draw.t > draw.r).sum().item<int64_t>();
}

Condition drop_text(const Condition& condition, const at::Tensor& drop) {
  at::Tensor null_mask = at::zeros_like(condition.mask);
  null_mask.select(1, 0).fill_(true);
  return {condition.tokens.masked_fill(drop.view({-1, 1, 1}), 0),
          at::where(drop.unsqueeze(1), null_mask, condition.mask)};
}

Condition select_rows(const Condition& condition, const at::Tensor& index) {
  return {condition.tokens.index_select(0, index), condition.mask.index_select(0, index)};
}

int64_t evaluations_per_step(const SamplerRequest& request) { return request.guidance == 1 ? 1 : 2; }

at::Tensor guided(const Model& model, const at::Tensor& z, double t, std::optional<double> interval,
                  const SamplerRequest& request) {
  const bool both = evaluations_per_step(request) == 2;
  const int64_t rows = both ? 2 * z.size(0) : z.size(0);
  Condition condition = request.condition;
  if (both) condition = request.both.tokens.defined() ? request.both : with_null(request);
  const Dual time{at::full({rows}, t, z.options()), {}};
  const Dual gap{interval ? at::full({rows}, *interval, z.options()) : at::Tensor(), {}};
  const at::Tensor u = model.forward({{both ? at::cat({z, z}) : z, {}}, time, gap, condition, {}}).u.value;
  if (!both) return u;
  const auto halves = u.chunk(2);
  return halves[1] + (halves[0] - halves[1]) * request.guidance;
}

}  // namespace emf
