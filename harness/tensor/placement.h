// SPDX-License-Identifier: Apache-2.0
// Where tensors live, in which precision matrix products run, and with whom the work is shared.
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
  at::ScalarType dtype = at::kFloat;  ///< of matrix products; statistics, losses and optimizer state stay float32
  const Peers* peers = &Peers::alone();

  /// For tensors made on the device: float32 unless the caller says otherwise.
  at::TensorOptions options() const { return at::TensorOptions().device(device).dtype(at::kFloat); }
  /// {"device", "precision", "peers"}.
  Json to_json() const;
};

/// @param device  "cpu"; `where` names its place in messages.
/// @throws UserError  another device: kMissing for those that other programs have and this one does not run on yet.
Placement read_placement(const std::string& device, const std::string& where);

}  // namespace emf
