// SPDX-License-Identifier: Apache-2.0
// What an encoder's features cost on this machine.
#pragma once

#include <string>

#include "harness/base/json.h"
#include "harness/tensor/placement.h"

namespace emf {

struct EncodeBench {
  std::string encoder = "llm", precision, prompts;
};

/// Encodes the prompts in batches of like length, twice after a warm-up, weights loaded and texts tokenised before.
/// @return  seconds, CPU seconds, prompts and tokens a second, GFLOP that the real tokens need, their share of a large
///   matrix product's speed in the same precision, and padding: the FLOP it adds, as a share of those needed.
/// @throws UserError  as the encoder, or as reading the prompts.
Json bench_encode(const EncodeBench& bench, int threads, const Placement& placement = {});

}  // namespace emf
