// SPDX-License-Identifier: Apache-2.0
// The --device flag of every verb that runs a network.
#pragma once

#include <string>

#include "harness/command/flags.h"

namespace emf {

/// Adds --device; what it says is read by ready_placement().
/// @param what  what runs there: "what paints".
inline Flag add_device_option(const Flags& flags, std::string& device, const std::string& what) {
  return flags.option("--device", device, what + ": cpu, cuda or cuda:N (the N-th card, from 0)").shows_default();
}

}  // namespace emf
