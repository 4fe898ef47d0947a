// SPDX-License-Identifier: Apache-2.0
// Attention with tangent in float32 arithmetic on any card: what others run, and the reference on a device.
//
// A block holds 32 queries of one head; eight threads share a query. Keys come by in tiles of 32 through shared memory.
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/plain_tiles.h"

namespace emf::fused {
namespace {

using namespace plain;  // NOLINT: this file is written in its words

enum class Moving { kNothing, kQueries, kAll };

template <typename T, int kColumns, Moving kMoving>
__global__ void __launch_bounds__(kThreads) plain_attention(const DualAttention p, int64_t first_batch) {
  extern __shared__ float shared[];
  const int head_size = static_cast<int>(p.head_size), pitch = head_size + 1;
  constexpr bool kTangent = kMoving != Moving::kNothing, kAll = kMoving == Moving::kAll;
  float* next = shared;
  const auto tile = [&] {
    float* here = next;
    next += kRows * pitch;
    return here;
  };
  float* const q = tile();
  float* const k = tile();
  float* const v = tile();
  float* const q_tangent = kTangent ? tile() : nullptr;
  float* const k_tangent = kAll ? tile() : nullptr;
  float* const v_tangent = kAll ? tile() : nullptr;
  float* const weights = next;                             // [32][33]
  float* const moved_weights = next + kRows * kPairPitch;  // likewise

  const int64_t blocks = (p.queries + kRows - 1) / kRows;
  const int64_t block = blockIdx.x % blocks, head = (blockIdx.x / blocks) % p.heads,
                batch = first_batch + blockIdx.x / (blocks * p.heads);
  const int query = static_cast<int>(threadIdx.x) / kLanes, lane = static_cast<int>(threadIdx.x) % kLanes;
  const int64_t row = block * kRows + query;

  load_rows<T>(p.q, batch, head, block * kRows, p.queries, head_size, q, pitch);
  if (kTangent) load_rows<T>(p.q_tangent, batch, head, block * kRows, p.queries, head_size, q_tangent, pitch);
  tiles::OnlineRow online;
  float output[kColumns] = {}, output_tangent[kColumns] = {};
  const float log2_scale = p.scale * kLog2E;
  for (int64_t first = 0; first < p.keys; first += kRows) {
    __syncthreads();
    load_rows<T>(p.k, batch, head, first, p.keys, head_size, k, pitch);
    load_rows<T>(p.v, batch, head, first, p.keys, head_size, v, pitch);
    if (kAll) {
      load_rows<T>(p.k_tangent, batch, head, first, p.keys, head_size, k_tangent, pitch);
      load_rows<T>(p.v_tangent, batch, head, first, p.keys, head_size, v_tangent, pitch);
    }
    __syncthreads();
    float scores[kRows / kLanes], tangents[kRows / kLanes];
    float maximum = -INFINITY;
#pragma unroll
    for (int i = 0; i < kRows / kLanes; ++i) {
      const int key = lane + kLanes * i;
      float score = 0, tangent = 0;
      for (int column = 0; column < head_size; ++column) {
        const float at_query = q[query * pitch + column], at_key = k[key * pitch + column];
        score += at_query * at_key;
        if (kTangent) tangent += q_tangent[query * pitch + column] * at_key;
        if (kAll) tangent += at_query * k_tangent[key * pitch + column];
      }
      const bool here = first + key < p.keys && (p.mask == nullptr || p.mask[batch * p.keys + first + key]);
      scores[i] = here ? score * log2_scale : -INFINITY;
      tangents[i] = tangent * p.scale;
      maximum = fmaxf(maximum, scores[i]);
    }
    const float factor = online.raise(maximum_of_row(maximum));
    float sum = 0, moved = 0;
#pragma unroll
    for (int i = 0; i < kRows / kLanes; ++i) {
      const float weight = exp2f(scores[i] - online.base());
      sum += weight;
      weights[query * kPairPitch + lane + kLanes * i] = weight;
      if (kTangent) {
        moved += weight * tangents[i];
        moved_weights[query * kPairPitch + lane + kLanes * i] = weight * tangents[i];
      }
    }
    online.sum += sum_of_row(sum);
    if (kTangent) online.moved += sum_of_row(moved);
    __syncwarp();  // the eight threads of a query are of one warp
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const int column = lane + kLanes * i;
      if (column >= head_size) break;
      float value = output[i] * factor, tangent = output_tangent[i] * factor;
      for (int key = 0; key < kRows; ++key) {
        const float weight = weights[query * kPairPitch + key];
        value += weight * v[key * pitch + column];
        if (kTangent) tangent += moved_weights[query * kPairPitch + key] * v[key * pitch + column];
        if (kAll) tangent += weight * v_tangent[key * pitch + column];
      }
      output[i] = value, output_tangent[i] = tangent;
    }
  }
  if (row >= p.queries) return;
  const float inverse = 1 / online.sum;
  const int64_t place = ((batch * p.queries + row) * p.heads + head) * head_size;
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    const int column = lane + kLanes * i;
    if (column >= head_size) break;
    const float value = output[i] * inverse;
    static_cast<T*>(p.output)[place + column] = from_float<T>(value);
    if (kTangent) {
      const float tangent = tiles::finished_tangent(output_tangent[i], online.moved, value, inverse);
      static_cast<T*>(p.output_tangent)[place + column] = from_float<T>(tangent);
    }
  }
  if (p.log_sum_exp != nullptr && lane == 0) {
    p.log_sum_exp[(batch * p.heads + head) * p.queries + row] = (online.maximum + log2f(online.sum)) * kLnOfTwo;
  }
}

template <typename T, int kColumns, Moving kMoving>
const char* launch_part(const DualAttention& p, int64_t first, int64_t count, cudaStream_t stream) {
  if (count == 0) return nullptr;
  const int tiles_held = kMoving == Moving::kAll ? 6 : kMoving == Moving::kQueries ? 4 : 3;
  return launch_blocks(plain_attention<T, kColumns, kMoving>, p.queries, p.heads, count,
                       shared_bytes(tiles_held, p.head_size), stream, p, first);
}

template <typename T, int kColumns>
const char* launch_columns(const DualAttention& p, cudaStream_t stream) {
  const int64_t moving = p.output_tangent == nullptr ? 0 : p.tangent_batch;
  const char* error = p.k_tangent.data != nullptr ? launch_part<T, kColumns, Moving::kAll>(p, 0, moving, stream)
                                                  : launch_part<T, kColumns, Moving::kQueries>(p, 0, moving, stream);
  if (error != nullptr) return error;
  return launch_part<T, kColumns, Moving::kNothing>(p, moving, p.batch - moving, stream);
}

}  // namespace

const char* launch_plain(const DualAttention& problem, void* stream) {
  if (const char* reason = unsupported(problem)) return reason;
  const char* error = nullptr;
  with_type(problem.element, [&](auto element) {
    using T = decltype(element);
    error = problem.head_size <= 64 ? launch_columns<T, 8>(problem, as_stream(stream))
                                    : launch_columns<T, 16>(problem, as_stream(stream));
  });
  return error;
}

}  // namespace emf::fused
