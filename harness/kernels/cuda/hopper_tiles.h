// SPDX-License-Identifier: Apache-2.0
// Products of tiles, and what is done with their sums in registers: packing, exponentials, sums over the threads of a
// row, storing. For .cu files alone; sm_90a.
#pragma once

#include <cuda_bf16.h>

#include "harness/kernels/cuda/attention_tiles.h"
#include "harness/kernels/cuda/hopper_instructions.h"

namespace emf::fused::hopper {

/// product (+)= left right^T: 64 rows by kRows, over the columns of a head.   @param left, right  uniform addresses.
template <int kHead, int kRows>
__device__ void multiply_rows(float (&product)[kRows / 2], uint32_t left, uint32_t right, bool add) {
#pragma unroll
  for (int chunk = 0; chunk < tiles::chunk_count(kHead); ++chunk) {
    const int columns = tiles::chunk_columns(kHead, chunk);
    const uint64_t a = describe(left + tiles::kGroupRows * 128 * chunk, 2 * columns),
                   b = describe(right + kRows * 128 * chunk, 2 * columns);
#pragma unroll
    for (int step = 0; step < columns / 16; ++step) {
      Product<kRows, false>::shared(product, a + 2 * step, b + 2 * step, add || chunk + step > 0 ? 1 : 0);
    }
  }
}

/// Sums of a head's columns, chunk by chunk.
template <int kHead>
struct Sums {
  static constexpr bool kTwo = tiles::chunk_count(kHead) > 1;
  static constexpr int kFirst = tiles::chunk_columns(kHead, 0), kSecond = kTwo ? tiles::chunk_columns(kHead, 1) : 0;
  float first[kFirst / 2];
  float second[kTwo ? kSecond / 2 : 1];

  __device__ void clear() {
#pragma unroll
    for (float& x : first) x = 0;
#pragma unroll
    for (float& x : second) x = 0;
  }

  __device__ void hold() {
    hopper::hold(first);
    if constexpr (kTwo) hopper::hold(second);
  }

  /// Rows of either half of the group's threads have a factor of their own.
  __device__ void scale(const float (&factors)[2]) {
#pragma unroll
    for (int i = 0; i < kFirst / 2; ++i) first[i] *= factors[(i / 2) % 2];
#pragma unroll
    for (int i = 0; i < kSecond / 2; ++i) second[i] *= factors[(i / 2) % 2];
  }
};

/// sums += left right: `left` of 64 rows by kRows in registers, `right` kRows rows of a head.
template <int kHead, int kRows>
__device__ void multiply_columns(Sums<kHead>& sums, const uint32_t (&left)[kRows / 16][4], uint32_t right) {
  constexpr int kFirstBytes = 2 * Sums<kHead>::kFirst, kSecondBytes = 2 * Sums<kHead>::kSecond;
  const uint64_t first = describe(right, kFirstBytes), second = describe(right + kRows * 128, kSecondBytes);
#pragma unroll
  for (int step = 0; step < kRows / 16; ++step) {
    Product<Sums<kHead>::kFirst, true>::registers(sums.first, left[step], first + step * kFirstBytes, 1);
    if constexpr (Sums<kHead>::kTwo) {
      Product<Sums<kHead>::kSecond, true>::registers(sums.second, left[step], second + step * kSecondBytes, 1);
    }
  }
}

__device__ inline uint32_t packed(float low, float high) {
  const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const uint32_t*>(&both);
}

/// Sums of one product as the left factor of the next.
template <int kRows>
__device__ void pack(const float (&from)[kRows / 2], uint32_t (&to)[kRows / 16][4]) {
#pragma unroll
  for (int step = 0; step < kRows / 16; ++step) {
#pragma unroll
    for (int part = 0; part < 4; ++part) {
      const int source = tiles::left_factor_source(step, part);
      to[step][part] = packed(from[source], from[source + 1]);
    }
  }
}

__device__ inline float power_of_two(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

__device__ inline float maximum_of_quad(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffU, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffU, x, 2));
}

__device__ inline float sum_of_quad(float x) {
  x += __shfl_xor_sync(0xffffffffU, x, 1);
  return x + __shfl_xor_sync(0xffffffffU, x, 2);
}

/// Of keys [first, first + kKeys) those that may be attended, a bit each.
template <int kKeys>
__device__ void open_keys(const bool* mask, int keys, int batch, int first, int lane,
                          uint32_t (&open)[(kKeys + 31) / 32]) {
#pragma unroll
  for (int word = 0; word < (kKeys + 31) / 32; ++word) {
    const int key = first + 32 * word + lane;
    const bool here = key < keys && (mask == nullptr || mask[static_cast<int64_t>(batch) * keys + key]);
    open[word] = __ballot_sync(0xffffffffU, here);
  }
}

/// Writes one row's columns of the blocks that this thread and its three neighbours hold, in 16 bytes where four blocks
/// of eight columns are there: `words` are packed pairs, one a block.
template <int kBlocks>
__device__ void store_row(__nv_bfloat16* row, int first_column, int head_size, uint32_t (&words)[kBlocks],
                          bool inside) {
  const int place = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
  for (int block = 0; block + 4 <= kBlocks; block += 4) {
    // The four threads exchange words until each holds one block whole.
    uint32_t w0 = words[block], w1 = words[block + 1], w2 = words[block + 2], w3 = words[block + 3];
    const bool odd = place % 2 == 1, upper = place >= 2;
    const uint32_t near_0 = __shfl_xor_sync(0xffffffffU, odd ? w0 : w1, 1),
                   near_1 = __shfl_xor_sync(0xffffffffU, odd ? w2 : w3, 1);
    if (odd) {
      w0 = near_0, w2 = near_1;
    } else {
      w1 = near_0, w3 = near_1;
    }
    const uint32_t far_0 = __shfl_xor_sync(0xffffffffU, upper ? w0 : w2, 2),
                   far_1 = __shfl_xor_sync(0xffffffffU, upper ? w1 : w3, 2);
    const uint4 whole = upper ? make_uint4(far_0, far_1, w2, w3) : make_uint4(w0, w1, far_0, far_1);
    const int column = first_column + 8 * (block + place);
    if (inside && column < head_size) *reinterpret_cast<uint4*>(row + column) = whole;
  }
#pragma unroll
  for (int block = kBlocks / 4 * 4; block < kBlocks; ++block) {
    const int column = first_column + 8 * block;
    if (inside && column < head_size) *reinterpret_cast<uint32_t*>(row + column + 2 * place) = words[block];
  }
}

/// One chunk of sums, normalised, for the thread's two rows.
template <int kColumns>
__device__ void store_chunk(__nv_bfloat16* output, int64_t row_stride, int rows_inside, int row, int first_column,
                            int head_size, const float (&sums)[kColumns / 2]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    uint32_t words[kColumns / 8];
#pragma unroll
    for (int block = 0; block < kColumns / 8; ++block) {
      words[block] = packed(sums[4 * block + 2 * half], sums[4 * block + 2 * half + 1]);
    }
    const int here = row + 8 * half;
    store_row(output + here * row_stride, first_column, head_size, words, here < rows_inside);
  }
}

}  // namespace emf::fused::hopper
