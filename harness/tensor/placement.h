// SPDX-License-Identifier: Apache-2.0
// Where tensors live, and with whom the work is shared.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// The processes that train one row together; a process alone is the only one there is yet.
class Peers {
 public:
  virtual ~Peers() = default;
  virtual int64_t rank() const { return 0; }
  virtual int64_t count() const { return 1; }
  /// Replaces each tensor by its sum over all peers, the same bytes on each.
  virtual void sum(const std::vector<at::Tensor>& tensors) const { (void)tensors; }
  /// True for the one peer that writes files; the stage's lock is its.
  bool is_writer() const { return rank() == 0; }

  /// Nobody but this process.
  static const Peers& alone();
};

/// One type from the command line down to kernels. Never part of a hash: on another device bits may
/// move, the meaning does not. Always in provenance.
struct Placement {
  at::Device device = at::Device(at::kCPU);
  const Peers* peers = &Peers::alone();

  bool tf32 = false;  ///< float32 products of a CUDA device may round their factors to TF32's 10 bits

  /// For tensors made on the device: float32 unless the caller says otherwise.
  at::TensorOptions options() const { return at::TensorOptions().device(device).dtype(at::kFloat); }
  /// {"device", "peers"}; on a device also "card" (device_facts()), "tf32" and "deterministic".
  Json to_json() const;
};

/// What a suite or a command line says of the device. Nothing is looked for yet: a record made on a device is read
/// anywhere.
/// @param device  "cpu", "cuda" (the first that is seen), "cuda:N", or the name of a device that a plugin registers
///   with LibTorch (its PrivateUse1 back end).   @param where  its place in messages.
/// @throws UserError  another word.
Placement read_placement(const std::string& device, const std::string& where);

/// Sees to it that the device is there and sets LibTorch's switches for it; before anything is made on it, and before
/// LibTorch is otherwise asked of CUDA. Nothing for the CPU.
/// @throws UserError  kMissing: a LibTorch without CUDA, no device, or none of this number; says how to check.
void require_device(const Placement& placement, const std::string& where);

/// read_placement() and require_device(), for commands.
Placement ready_placement(const std::string& device, const std::string& where);

/// What the switches of LibTorch and the driver say of a CUDA device: {"name", "memory_bytes", "capability", "driver",
/// "runtime"}, each where it is known; empty for the CPU.
Json device_facts(const at::Device& device);

/// The tensor on the device; itself where it lies there. From the host by way of pinned memory, so that the copy takes
/// its place in the device's queue and nobody waits for it.
at::Tensor to_device(const at::Tensor& tensor, const at::Device& device);

/// Waits until the device has done all that this thread gave it; nothing for the CPU.
void synchronize(const at::Device& device);

}  // namespace emf
