// SPDX-License-Identifier: Apache-2.0
#include "harness/base/random.h"

#include <cmath>
#include <numbers>

namespace emf {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  // @source  Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3": Philox4x32-10. The increments are
  // the golden ratio and the square root of three, each less one, as fractions of 2^32.
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

uint64_t stream_key(std::string_view stream) {
  // FNV-1a of 64 bits, which is the same everywhere; std::hash promises nothing from one library to the next.
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : stream) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

Random::Random(uint64_t seed, std::string_view stream, uint64_t index) : Random(seed, stream_key(stream), index) {}

Random::Random(uint64_t seed, uint64_t stream, uint64_t index) {
  // The stream is folded into the key by one Philox call, so that (seed, stream) pairs do not collide by addition.
  const auto mixed = philox({static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32), 0, 0},
                            {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  key_ = {mixed[0], mixed[1]};
  counter_ = {0, 0, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)};
}

uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    // The other half of the counter is the index, so only a stream of more than 2^64 blocks could run into its
    // neighbour's.
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
}

// 24 bits are as many as a float holds exactly, and the largest of them stays below 1.
float Random::uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }

float Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  // @source  Box and Muller 1958. 1 - u lies in (0, 1], so that the logarithm is finite.
  const float radius = std::sqrt(-2.0f * std::log(1.0f - uniform()));
  const float angle = 2.0f * std::numbers::pi_v<float> * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

// @source  Lemire 2019, without the rejection: the bias is below count / 2^32, and every call takes exactly one
// word, so that later draws of a stream do not depend on the value of this one.
uint32_t Random::below(uint32_t count) { return static_cast<uint32_t>((static_cast<uint64_t>(bits()) * count) >> 32); }

}  // namespace emf
