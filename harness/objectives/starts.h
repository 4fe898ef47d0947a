// SPDX-License-Identifier: Apache-2.0
// How networks of several time inputs and heads start from one that was trained with one time and one output. By the
// names of parameters, which harness/models/README.md fixes.
#pragma once

#include <string>

#include "harness/tensor/named_parameters.h"

namespace emf {

enum class IntervalStart {
  kZero,  ///< phi_end's layers, the last one zeroed: at r = t the network stays what it was (phi(t) + phi(0) would not)
  kDuplicate,  ///< all of phi_end's layers, as the paper does
};

/// Fills phi_interval.* from phi_end.*.
/// @throws UserError  the network has no second time input under these names.
void start_intervals(const NamedParameters& model, IntervalStart how, const std::string& objective);

/// Fills head.NAME.* from final.*, so that the head at first gives what u does.
/// @throws UserError  the network has no such leaves, or of other shapes.
void start_head(const NamedParameters& model, const std::string& head, const std::string& objective);

}  // namespace emf
