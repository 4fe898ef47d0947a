// SPDX-License-Identifier: Apache-2.0
// The gradient of attention's value in float32 arithmetic on any card, and the numbers of rows that every kernel of
// it needs.
//
// One kernel in two roles. By row it holds 32 queries and streams keys: dQ. By column it holds 32 keys and streams
// queries: dK and dV.
#include "harness/kernels/cuda/attention_rows_element.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/plain_tiles.h"

namespace emf::fused {
namespace {

using namespace plain;  // NOLINT: this file is written in its words

enum class Role { kByRow, kByColumn };

template <typename T, int kColumns, Role kRole>
__global__ void __launch_bounds__(kThreads) plain_gradient(const AttentionGradient p) {
  extern __shared__ float shared[];
  constexpr bool kByColumn = kRole == Role::kByColumn;
  const int head_size = static_cast<int>(p.head_size), pitch = head_size + 1;
  const int64_t held = kByColumn ? p.keys : p.queries, streamed = kByColumn ? p.queries : p.keys;
  float* const own_first = shared;                      // queries, or keys
  float* const own_second = own_first + kRows * pitch;  // output gradients, or values
  float* const other_first = own_second + kRows * pitch;
  float* const other_second = other_first + kRows * pitch;
  float* const moved = other_second + kRows * pitch;  // dS  [32][33]
  float* const weights = moved + kRows * kPairPitch;  // P   [32][33]

  const int64_t blocks = (held + kRows - 1) / kRows;
  const int64_t block = blockIdx.x % blocks, head = (blockIdx.x / blocks) % p.heads,
                batch = blockIdx.x / (blocks * p.heads);
  const int own = static_cast<int>(threadIdx.x) / kLanes, lane = static_cast<int>(threadIdx.x) % kLanes;
  const int64_t row = block * kRows + own, of_head = (batch * p.heads + head) * padded_rows(p.queries);
  const auto load = [&](const HeadRows& from, int64_t first, int64_t rows, float* to) {
    load_rows<T>(from, batch, head, first, rows, head_size, to, pitch);
  };
  load(kByColumn ? p.k : p.q, block * kRows, held, own_first);
  load(kByColumn ? p.v : p.output_gradient, block * kRows, held, own_second);
  float first_sums[kColumns] = {}, second_sums[kColumns] = {};
  for (int64_t first = 0; first < streamed; first += kRows) {
    __syncthreads();
    load(kByColumn ? p.q : p.k, first, streamed, other_first);
    load(kByColumn ? p.output_gradient : p.v, first, streamed, other_second);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kRows / kLanes; ++i) {
      const int other = lane + kLanes * i;
      float score = 0, gradient = 0;
      for (int column = 0; column < head_size; ++column) {
        score += own_first[own * pitch + column] * other_first[other * pitch + column];
        gradient += own_second[own * pitch + column] * other_second[other * pitch + column];
      }
      const int64_t query = kByColumn ? first + other : row, key = kByColumn ? row : first + other;
      float weight = 0, output_sum = 0;
      if (query < p.queries && key < p.keys && (p.mask == nullptr || p.mask[batch * p.keys + key])) {
        const RowNumbers numbers = p.rows[of_head + query];
        weight = exp2f(score * p.scale * kLog2E - numbers.log_sum_exp);
        output_sum = numbers.output_sum;
      }
      weights[own * kPairPitch + other] = weight;
      moved[own * kPairPitch + other] = tiles::score_gradient(weight, gradient, output_sum);
    }
    __syncwarp();  // the eight threads of a row are of one warp
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const int column = lane + kLanes * i;
      if (column >= head_size) break;
      for (int other = 0; other < kRows; ++other) {
        first_sums[i] += moved[own * kPairPitch + other] * other_first[other * pitch + column];
        if (kByColumn) second_sums[i] += weights[own * kPairPitch + other] * other_second[other * pitch + column];
      }
    }
  }
  if (row >= held) return;
  const auto store = [&](const HeadRows& to, int column, float value) {
    T* const at = static_cast<T*>(const_cast<void*>(to.data)) + batch * to.batch_stride + row * to.row_stride +
                  head * to.head_stride + column;
    *at = from_float<T>(value);
  };
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    const int column = lane + kLanes * i;
    if (column >= head_size) break;
    store(kByColumn ? p.k_gradient : p.q_gradient, column, first_sums[i] * p.scale);
    if (kByColumn) store(p.v_gradient, column, second_sums[i]);
  }
}

/// A row's threads are neighbours in a warp.
template <typename T>
__global__ void number_rows(const AttentionGradient p, int lanes) {
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const RowShare share = row_share<T>(p, thread, lanes);
  float sum = share.sum;
  for (int step = 1; step < lanes; step *= 2) sum += __shfl_xor_sync(0xffffffffU, sum, step);
  if (share.inside && thread % lanes == 0) write_row(p, share, sum);
}

template <typename T, int kColumns>
const char* launch_both(const AttentionGradient& p, cudaStream_t stream) {
  const size_t bytes = shared_bytes(4, p.head_size);
  const char* error =
      launch_blocks(plain_gradient<T, kColumns, Role::kByRow>, p.queries, p.heads, p.batch, bytes, stream, p);
  if (error != nullptr) return error;
  return launch_blocks(plain_gradient<T, kColumns, Role::kByColumn>, p.keys, p.heads, p.batch, bytes, stream, p);
}

}  // namespace

const char* launch_row_numbers(const AttentionGradient& p, void* stream) {
  constexpr int kBlock = 256;
  with_type(p.element, [&](auto element) {
    using T = decltype(element);
    const int lanes = lanes_of_row<T>(p.head_size);
    const int64_t threads = lanes * p.batch * p.heads * padded_rows(p.queries);
    number_rows<T><<<static_cast<unsigned>((threads + kBlock - 1) / kBlock), kBlock, 0, as_stream(stream)>>>(p, lanes);
  });
  return launch_error();
}

const char* launch_plain(const AttentionGradient& p, void* stream) {
  if (const char* error = launch_row_numbers(p, stream)) return error;
  const char* error = nullptr;
  with_type(p.element, [&](auto element) {
    using T = decltype(element);
    error = p.head_size <= 64 ? launch_both<T, 8>(p, as_stream(stream)) : launch_both<T, 16>(p, as_stream(stream));
  });
  return error;
}

}  // namespace emf::fused
