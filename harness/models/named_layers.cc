// SPDX-License-Identifier: Apache-2.0
#include "harness/models/named_layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/kernels/linear.h"
#include "harness/tensor/random_rows.h"

namespace emf {

void NamedLayers::add(const std::string& name, int64_t inputs, int64_t outputs, bool zero) {
  const double deviation = zero ? 0 : std::sqrt(2.0 / static_cast<double>(inputs + outputs));
  add_parameter(name + ".weight", normal_named(seed_, name + ".weight", {outputs, inputs}) * deviation);
  add_parameter(name + ".bias", at::zeros({outputs}));
}

void NamedLayers::add_parameter(const std::string& name, const at::Tensor& value) {
  places_[name] = parameters_.size();
  parameters_.emplace_back(name, value.to(placement_.device).detach().set_requires_grad(true));
}

Dual NamedLayers::apply(const std::string& name, const Dual& x) const {
  return linear(x, parameter(name + ".weight"), parameter(name + ".bias"));
}

}  // namespace emf
