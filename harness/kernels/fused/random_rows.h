// SPDX-License-Identifier: Apache-2.0
// Draws keyed by (seed, stream, index), the same numbers as on the host.
#pragma once

#include <cstdint>

namespace emf::fused {

/// Row i is a function of (seed, stream, indices[i]) alone, as harness/base/random.h draws it.
///
/// Uniforms are the host's to the last bit. Normals (Box-Muller) take logarithm, sine and cosine in double and round
/// where the host rounds: they differ only where the host's float function is itself not the nearest float, with glibc
/// in 1.5 % of the draws, by at most 4 units in the last place.
struct RandomRows {
  uint64_t seed, stream;    ///< stream: as hashed by stream_key()
  int64_t rows, count;      ///< count: numbers a row
  const uint64_t* indices;  ///< [rows]
  float* out;               ///< [rows, count]
};

}  // namespace emf::fused
