// SPDX-License-Identifier: Apache-2.0
// Conditions with and without text: dropout in training, guidance in sampling.
#pragma once

#include "harness/api/objective.h"

namespace emf {

/// Which rows lose their text, keyed by sample: [B] bool, true with probability `share`.
at::Tensor draw_drop(const RowKeys& keys, double share);

/// Rows with r < t: Draw::num_apart, counted here where nobody did.
int64_t rows_apart(const Draw& draw);

/// Replaces the dropped rows by the null condition: one all-zero token whose mask is true (an all-masked softmax would
/// be empty). Differentiable in the tokens.
Condition drop_text(const Condition& condition, const at::Tensor& drop);

/// Rows of a condition in another order.
Condition select_rows(const Condition& condition, const at::Tensor& index);

/// u_null + w (u_cond - u_null) from one batch of 2B rows; one of B rows when w = 1.
/// @param z  [B,C,H,W].  @param t  time of all rows.
/// @param interval  t - r; nothing = a network without second time input.
at::Tensor guided(const Model& model, const at::Tensor& z, double t, std::optional<double> interval,
                  const SamplerRequest& request);

/// Network evaluations a picture of guided(): 1 or 2.
int64_t evaluations_per_step(const SamplerRequest& request);

}  // namespace emf
