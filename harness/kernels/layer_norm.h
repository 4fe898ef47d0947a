// SPDX-License-Identifier: Apache-2.0
// Layer normalisation without parameters, and the adaLN modulation that follows it.
#pragma once

#include "harness/kernels/device_operations.h"
#include "harness/tensor/dual.h"

namespace emf {

/// y = (x - mean) / sqrt(var + eps) over the last dimension.
/// jvp: y' = (x' - mean(x') - y mean(x' y)) / sqrt(var + eps).
/// @param x  [B,L,D].
Dual layer_norm(const Dual& x, double eps = 1e-6);

/// While one lives, layer_norm() of this thread takes its value apart into plain operations, and no layer uses kernels
/// of a device's own (PlainOperations).
///
/// ATen's fused layer norm is right in its first and second derivative, but its second treats mean and deviation as
/// constants, so that a third derivative, which the gradient of a reverse-mode du/dt is (objectives/reference_tangent),
/// is silently wrong.
class PlainLayerNorm {
 public:
  PlainLayerNorm();
  ~PlainLayerNorm();
  PlainLayerNorm(const PlainLayerNorm&) = delete;
  PlainLayerNorm& operator=(const PlainLayerNorm&) = delete;

 private:
  PlainOperations plain_;
  bool before_;
};

/// y = x (1 + scale) + shift.   jvp by the product rule; any of the three may move.
/// @param x  [B,L,D].  @param shift, scale  [B,D], broadcast over L.   @source  DiT (Peebles & Xie 2023), adaLN.
/// @throws InternalError  tangents of different K.
Dual modulate(const Dual& x, const Dual& shift, const Dual& scale);

}  // namespace emf
