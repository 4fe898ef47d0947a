// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers (Philox4x32-10): a draw is a function of its key, never of what was drawn before.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace emf {

/// One Philox4x32-10 block.   @source  Salmon et al., SC 2011 ("Parallel random numbers: as easy as 1, 2, 3").
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// The numbers of one (seed, stream, index): equal keys give equal sequences on every thread count and batch size.
///
/// stream names the purpose ("scenes/layout", "train/eps"), index the sample. Cheap to make (no state beyond 40 bytes).
class Random {
 public:
  Random(uint64_t seed, std::string_view stream, uint64_t index);
  /// As above with the stream already hashed by stream_key(), for inner loops.
  Random(uint64_t seed, uint64_t stream, uint64_t index);

  uint32_t bits();
  /// Uniform in [0, 1), 24 bits.
  float uniform();
  /// Uniform in [low, high).
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller).
  float normal();
  /// Uniform integer in [0, count); count >= 1. No modulo bias worth naming (count << 2^32).
  uint32_t below(uint32_t count);

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  bool has_spare_ = false;
  float spare_ = 0;
};

/// 64-bit FNV-1a of a stream's name.
uint64_t stream_key(std::string_view stream);

}  // namespace emf
