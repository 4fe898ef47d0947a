// SPDX-License-Identifier: Apache-2.0
// One block of the counter-based generator: four words, four numbers.
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/host_device.h"
#include "harness/kernels/fused/random_rows.h"

namespace emf::fused {

/// Words of a block of Philox4x32-10.
struct RandomWords {
  uint32_t words[4];
};

/// @source  Salmon et al., SC 2011; harness/base/random.cc, whose numbers these are.
EMF_HOST_DEVICE RandomWords philox_block(RandomWords counter, uint32_t key0, uint32_t key1) {
  EMF_UNROLL
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter.words[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter.words[2];
    counter = {{static_cast<uint32_t>(product1 >> 32) ^ counter.words[1] ^ key0, static_cast<uint32_t>(product1),
                static_cast<uint32_t>(product0 >> 32) ^ counter.words[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

/// Words 4 block .. 4 block + 3 of (seed, stream, index).
EMF_HOST_DEVICE RandomWords random_words(uint64_t seed, uint64_t stream, uint64_t index, uint64_t block) {
  const RandomWords key = philox_block({{static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32), 0, 0}},
                                       static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
  return philox_block({{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(index),
                        static_cast<uint32_t>(index >> 32)}},
                      key.words[0], key.words[1]);
}

/// In [0, 1), 24 bits.
EMF_HOST_DEVICE float uniform_of(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

/// Two normals of two words, rounded to float wherever the host's own formula is.
EMF_HOST_DEVICE void normals_of(uint32_t word0, uint32_t word1, float& first, float& second) {
  const float logarithm = static_cast<float>(log(static_cast<double>(1.0f - uniform_of(word0))));
  const float radius = sqrtf(-2.0f * logarithm);
  const float angle = 2.0f * 3.14159265358979323846f * uniform_of(word1);
  first = radius * static_cast<float>(cos(static_cast<double>(angle)));
  second = radius * static_cast<float>(sin(static_cast<double>(angle)));
}

EMF_HOST_DEVICE int64_t blocks_of_row(int64_t count) { return (count + 3) / 4; }

/// Numbers 4 block .. 4 block + 3 of a row.   @param place  row * blocks_of_row(count) + block.
template <bool kNormal>
EMF_HOST_DEVICE void random_rows_block(const RandomRows& call, int64_t place) {
  const int64_t blocks = blocks_of_row(call.count), row = place / blocks, block = place % blocks;
  const RandomWords words = random_words(call.seed, call.stream, call.indices[row], static_cast<uint64_t>(block));
  float numbers[4];
  if constexpr (kNormal) {
    normals_of(words.words[0], words.words[1], numbers[0], numbers[1]);
    normals_of(words.words[2], words.words[3], numbers[2], numbers[3]);
  } else {
    EMF_UNROLL
    for (int i = 0; i < 4; ++i) numbers[i] = uniform_of(words.words[i]);
  }
  EMF_UNROLL
  for (int i = 0; i < 4; ++i) {
    if (block * 4 + i < call.count) call.out[row * call.count + block * 4 + i] = numbers[i];
  }
}

}  // namespace emf::fused
