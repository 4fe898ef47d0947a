// SPDX-License-Identifier: Apache-2.0
// One angle of one time.
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/host_device.h"
#include "harness/kernels/fused/time_embedding.h"

namespace emf::fused {

/// @param index  0 .. samples * half - 1.
EMF_HOST_DEVICE void time_embedding_angle(const TimeEmbedding& call, int64_t index) {
  const int64_t sample = index / call.half;
  const int i = static_cast<int>(index % call.half);
  // The reference's own order of operations, so that both round alike.
  const double exponent = static_cast<double>(i) * (-log(call.base) / static_cast<double>(call.half));
  const float frequency = static_cast<float>(exp(exponent) * call.scale);
  const double angle = static_cast<double>(call.t[sample] * frequency);
  const float cosine = static_cast<float>(cos(angle)), sine = static_cast<float>(sin(angle));
  float* const y = call.y + sample * 2 * call.half;
  y[i] = cosine;
  y[call.half + i] = sine;
  if (sample >= call.moving) return;
  const float speed = call.t_tangent[sample] * frequency;
  float* const moved = call.y_tangent + sample * 2 * call.half;
  moved[i] = -sine * speed;
  moved[call.half + i] = cosine * speed;
}

}  // namespace emf::fused
