// SPDX-License-Identifier: Apache-2.0
#include "encoders/trained_values.h"

#include <ATen/core/grad_mode.h>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/tensor/safetensors.h"

namespace emf {

void load_trained_values(const std::filesystem::path& path, const NamedParameters& parameters) {
  const at::NoGradGuard no_grad;
  NamedTensors values = read_safetensors(path);
  for (const auto& [name, parameter] : parameters) {
    const auto found = values.find(name);
    if (found == values.end()) fail_input("{}: no values of the encoder's '{}'", path.string(), name);
    if (found->second.sizes() != parameter.sizes()) {
      fail_input("{}: '{}' has shape [{}], the encoder's has [{}]", path.string(), name,
                 fmt::join(found->second.sizes(), ","), fmt::join(parameter.sizes(), ","));
    }
    parameter.copy_(found->second);
    values.erase(found);
  }
  if (!values.empty()) fail_input("{}: '{}' is no parameter of this encoder", path.string(), values.begin()->first);
}

}  // namespace emf
