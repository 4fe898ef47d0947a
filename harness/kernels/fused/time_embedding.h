// SPDX-License-Identifier: Apache-2.0
// Sinusoidal features of a time, value and tangent in one launch.
#pragma once

#include <cstdint>

namespace emf::fused {

/// y = [cos(a), sin(a)], a_i = t f_i, f_i = scale base^(-i / half); y' = [-sin(a), cos(a)] t' f_i, first `moving` rows.
/// f is computed in double and rounded to float, a is a float's product, sines are taken in double and rounded: the
/// same numbers as the CPU's but for a last bit.
struct TimeEmbedding {
  int64_t samples, moving;
  int half;  ///< dimensions / 2
  double scale, base;
  const float *t, *t_tangent;  ///< [samples], [moving]
  float *y, *y_tangent;        ///< [samples, 2 half], [moving, 2 half]
};

}  // namespace emf::fused
