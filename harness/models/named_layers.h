// SPDX-License-Identifier: Apache-2.0
// A network's affine layers by name.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "harness/tensor/dual.h"
#include "harness/tensor/named_parameters.h"
#include "harness/tensor/placement.h"

namespace emf {

/// NAME.weight [O,I] and NAME.bias [O] of each, in the order in which they were added.
class NamedLayers {
 public:
  NamedLayers(uint64_t seed, const Placement& placement) : seed_(seed), placement_(placement) {}

  /// Xavier-uniform-sized normals as DiT's own initialisation, keyed by name; zero where adaLN-Zero asks for it.
  void add(const std::string& name, int64_t inputs, int64_t outputs, bool zero = false);

  const NamedParameters& parameters() const { return parameters_; }
  /// @throws std::out_of_range  no leaf of this name.
  const at::Tensor& parameter(const std::string& name) const { return parameters_[places_.at(name)].second; }
  /// harness/kernels/linear.h of a layer.
  Dual apply(const std::string& name, const Dual& x) const;

 private:
  void add_parameter(const std::string& name, const at::Tensor& value);

  uint64_t seed_;
  Placement placement_;
  NamedParameters parameters_;
  std::map<std::string, size_t> places_;  ///< of each name in parameters_
};

}  // namespace emf
