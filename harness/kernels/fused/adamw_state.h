// SPDX-License-Identifier: Apache-2.0
// What a step of AdamW decides for all parameters, on the device or on the host.
#pragma once

#include <cmath>

#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/host_device.h"

namespace emf::fused {

/// Norm, clip factor and counts of a step, from the sum of squares.
EMF_HOST_DEVICE void adamw_begin_step(const AdamwCall& call, double squares, AdamwState& state) {
  state.norm = sqrt(squares);
  state.is_finite = squares - squares == 0 ? 1 : 0;
  state.clip_factor = call.clip_norm > 0 && state.norm > call.clip_norm ? call.clip_norm / state.norm : 1;
  if (state.is_finite == 0) return;
  state.steps += 1;
  state.correction1 = 1 - pow(call.beta1, state.steps);
  state.root_correction2 = sqrt(1 - pow(call.beta2, state.steps));
  state.average_weight = state.average_weight * call.ema_decay + (1 - call.ema_decay);
}

}  // namespace emf::fused
