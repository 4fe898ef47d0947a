// SPDX-License-Identifier: Apache-2.0
#include "harness/objectives/starts.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>

#include "harness/base/error.h"

namespace emf {
namespace {

struct CopiedLeaf {
  std::string layer;  ///< "2" of phi_interval.2.weight
  at::Tensor from, to;
};

/// Leaves under `to`, in order, each beside the leaf of the same name under `from`.
std::vector<CopiedLeaf> paired(const NamedParameters& model, const std::string& from, const std::string& to,
                               const std::string& objective) {
  const std::map<std::string, at::Tensor> leaves(model.begin(), model.end());
  std::vector<CopiedLeaf> pairs;
  for (const auto& [name, leaf] : model) {
    if (name.rfind(to, 0) != 0) continue;
    const std::string rest = name.substr(to.size());
    const auto source = leaves.find(from + rest);
    if (source == leaves.end() || source->second.sizes() != leaf.sizes()) {
      fail_input("objective '{}' starts '{}' from '{}', which this network {}", objective, name, from + rest,
                 source == leaves.end() ? "does not have" : "has in another shape");
    }
    pairs.push_back({rest.substr(0, rest.rfind('.')), source->second, leaf});
  }
  if (pairs.empty()) {
    fail_input("objective '{}' starts '{}*' from '{}*', and this network has no parameters of these names", objective,
               to, from);
  }
  return pairs;
}

}  // namespace

void start_intervals(const NamedParameters& model, IntervalStart how, const std::string& objective) {
  const at::NoGradGuard no_grad;
  const std::vector<CopiedLeaf> leaves = paired(model, "phi_end.", "phi_interval.", objective);
  for (const CopiedLeaf& leaf : leaves) {
    if (how == IntervalStart::kZero && leaf.layer == leaves.back().layer) {
      leaf.to.zero_();
    } else {
      leaf.to.copy_(leaf.from);
    }
  }
}

void start_head(const NamedParameters& model, const std::string& head, const std::string& objective) {
  const at::NoGradGuard no_grad;
  for (const CopiedLeaf& leaf : paired(model, "final.", "head." + head + ".", objective)) leaf.to.copy_(leaf.from);
}

}  // namespace emf
