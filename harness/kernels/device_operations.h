// SPDX-License-Identifier: Apache-2.0
// Kernels of a device's own for the dual layers: a table that its build fills in, and that the layers ask first.
#pragma once

#include <c10/core/DeviceType.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/kernels/fused_adamw.h"
#include "harness/kernels/residual_norm.h"
#include "harness/tensor/dual.h"

namespace emf {

/// One device's kernels. Each has the signature of its layer, whose header says what it computes.
///
/// An entry may be missing, and may answer nothing to a call whose types or sizes it has no kernel for (double, a width
/// that is no multiple of 4): the layer then goes on in ATen's operations, which are right on every device.
struct DeviceOperations {
  c10::DeviceType device = c10::DeviceType::CUDA;
  /// Whether kernels can be launched at all: tests compute a device of this type on the host. Null = they can.
  bool (*is_there)() = nullptr;

  std::optional<Dual> (*linear)(const Dual& x, const at::Tensor& weight, const at::Tensor& bias) = nullptr;
  std::optional<NormedSum> (*residual_norm)(const Dual& x, const Dual& gate, const Dual& branch, const Dual& shift,
                                            const Dual& scale, double eps) = nullptr;
  std::optional<Dual> (*gated_residual)(const Dual& x, const Dual& gate, const Dual& y) = nullptr;
  std::optional<Dual> (*gelu)(const Dual& x) = nullptr;
  std::optional<Dual> (*silu)(const Dual& x) = nullptr;
  std::optional<Dual> (*time_embedding)(const Dual& t, int64_t dimensions, double scale, double base) = nullptr;
  std::optional<Dual> (*attention)(const Dual& q, const Dual& k, const Dual& v, int64_t num_heads,
                                   const at::Tensor& mask) = nullptr;
  std::optional<at::Tensor> (*normal_rows)(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices,
                                           at::IntArrayRef shape, const at::Device& device) = nullptr;
  std::unique_ptr<FusedAdamw> (*fused_adamw)(const FusedAdamwTensors& tensors,
                                             const FusedAdamwOptions& options) = nullptr;
};

/// Gives the layers a device's kernels; a build with kernels does so once, before main().
void set_device_operations(const DeviceOperations& operations);

/// The table for tensors on x's device; nullptr where there is none, x is undefined, or PlainOperations forbids it.
const DeviceOperations* device_operations(const at::Tensor& x);

/// While one lives, the layers of this thread are made of ATen's plain operations alone: kernels of a device have one
/// derivative, and their gradients have none.
class PlainOperations {
 public:
  PlainOperations();
  ~PlainOperations();
  PlainOperations(const PlainOperations&) = delete;
  PlainOperations& operator=(const PlainOperations&) = delete;

 private:
  bool before_;
};

}  // namespace emf
