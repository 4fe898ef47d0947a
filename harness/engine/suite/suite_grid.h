// SPDX-License-Identifier: Apache-2.0
// Grids of a command line: objective.mean_flow.weight_power=0.5,1 makes two objectives out of one.
#pragma once

#include "harness/base/config.h"

namespace emf {

/// Expands overrides of options of objectives, encoders and models that hold several values (numbers,
/// true/false; words for objectives and models).
///
/// `objective.mean_flow.weight_power=0.5,1` replaces mean_flow in `objectives` by
/// "mean_flow[weight_power=0.5]" and "mean_flow[weight_power=1]", each with a table of its own; so for
/// encoders. `model.width=64,128` keeps the first value in [model] and adds "width=128" to `models`. Several
/// such keys make all combinations. Rows that differ in nothing share stages.
/// @throws UserError  a name that no list has.
void expand_grids(Config& config);

}  // namespace emf
