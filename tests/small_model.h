// SPDX-License-Identifier: Apache-2.0
// A model small enough to differentiate in a test, with nothing in it that hides errors.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <memory>

#include "harness/api/model.h"

namespace emf {

/// Redraws tensors that start at zero with deviation .05: at zero they would hide every error behind them.
inline void redraw_zeros(const Model& model, uint64_t seed = 11) {
  at::manual_seed(seed);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : model.parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.05);
  }
}

/// A DiT of width 32 and depth 2 on [2,2] latents of four channels, its zeros redrawn.
/// @param dimension  of the text.   @throws UserError  it cannot give what is demanded.
inline std::unique_ptr<Model> small_model(const ModelDemands& demands = {}, int64_t dimension = 12) {
  const Options options(Json{{"width", 32}, {"depth", 2}, {"heads", 2}}, "test");
  auto model = ModelRegistry::instance().make("dit", options, {{4, 2, 2, dimension}, 1, demands, {}});
  redraw_zeros(*model, 2);
  return model;
}

}  // namespace emf
