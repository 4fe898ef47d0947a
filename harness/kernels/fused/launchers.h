// SPDX-License-Identifier: Apache-2.0
// What a device's kernels are to the operations of this room: a table of functions, one table a device.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

#include "harness/kernels/fused/activation.h"
#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/attention.h"
#include "harness/kernels/fused/random_rows.h"
#include "harness/kernels/fused/residual_norm.h"
#include "harness/kernels/fused/time_embedding.h"

namespace emf::fused {

/// Functions that take a call and the device's queue; the call's header says what they compute. They return null, or
/// what went wrong. Null entries: the device has no such kernel.
struct Launchers {
  /// LibTorch's queue of this device now, a cudaStream_t; null on the host, whose kernels are done when they return.
  void* (*current_stream)(const c10::Device& device) = nullptr;
  /// Whether kernels run here at all; null: they do.
  bool (*is_there)() = nullptr;

  /// Whether numbers of this type are taken at all; null: all are.
  bool (*takes)(ElementType element) = nullptr;

  const char* (*residual_norm)(const ResidualNorm& call, void* stream) = nullptr;
  /// Rows, then the vectors' sums over tokens, which are taken in one order.
  const char* (*residual_norm_backward)(const ResidualNormBackward& call, void* stream) = nullptr;
  /// Whether the two run this width and these types.
  bool (*residual_norm_takes)(int64_t width, ElementType stream, ElementType narrow) = nullptr;
  /// Floats of ResidualNormBackward::partial_sums.
  int64_t (*residual_norm_partial_sums)(int64_t samples, int64_t tokens, int width) = nullptr;

  const char* (*activation)(const Activation& call, void* stream) = nullptr;
  const char* (*activation_backward)(const ActivationBackward& call, void* stream) = nullptr;

  const char* (*attention)(const DualAttention& call, void* stream) = nullptr;
  const char* (*attention_gradient)(const AttentionGradient& call, void* stream) = nullptr;

  const char* (*time_embedding)(const TimeEmbedding& call, void* stream) = nullptr;
  const char* (*normal_rows)(const RandomRows& call, void* stream) = nullptr;
  const char* (*uniform_rows)(const RandomRows& call, void* stream) = nullptr;

  /// Enters gradients into call.tensors.
  const char* (*adamw_gradients)(const AdamwCall& call, const AdamwGradients& gradients, void* stream) = nullptr;
  /// Sums of squares, then norm, clip factor and counts into the state.
  const char* (*adamw_norm)(const AdamwCall& call, void* stream) = nullptr;
  /// The step itself, after adamw_norm; changes nothing where the gradient was not finite.
  const char* (*adamw_step)(const AdamwCall& call, void* stream) = nullptr;
};

/// Gives a kind of device its kernels, in the place of those it had. A build does so before main().
void set_launchers(c10::DeviceType device, const Launchers& launchers);

/// Those of x's device; all null where it has none.
const Launchers& launchers(const c10::Device& device);

}  // namespace emf::fused
