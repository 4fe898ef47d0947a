// SPDX-License-Identifier: Apache-2.0
// The gradient of attention's value on Hopper, in two kernels of one shape: one holds queries and streams keys (dQ),
// the other holds keys and streams queries (dK and dV). Each element is summed by one group in one order: no atomics,
// the same bytes on every run.
//
// Source: FlashAttention-2 (Dao 2023), backward pass.
#include "harness/kernels/cuda/hopper_pipeline.h"
#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {
namespace {

using namespace hopper;  // NOLINT: this file is written in its words

// Rows kernel: fixed queries and output gradients, streamed keys and values. Columns kernel: the other way round.
constexpr int kFirstKind = 0, kSecondKind = 1;

template <int kHead, int kRows>
using GradientPipeline = Pipeline<kHead, kRows, 2, 2>;

struct Job {
  float log2_scale, scale;
  const bool* mask;
  int queries, keys;
  const RowNumbers* rows;
  HeadRows first_gradient, second_gradient;  ///< dQ and none, or dK and dV
};

/// What both kernels queue: two products of fixed rows with a tile of streamed ones.
template <int kHead, int kRows>
struct Scores {
  float scores[kRows / 2], gradients[kRows / 2];

  __device__ void hold() {
    hopper::hold(scores);
    hopper::hold(gradients);
  }

  template <class Group>
  __device__ void queue(const Group& group) {
    multiply_rows<kHead, kRows>(scores, group.fixed_rows(kFirstKind), group.streamed_rows(group.ring.stage, kFirstKind),
                                false);
    multiply_rows<kHead, kRows>(gradients, group.fixed_rows(kSecondKind),
                                group.streamed_rows(group.ring.stage, kSecondKind), false);
    products_commit();
  }
};

/// dQ of 64 queries.
template <int kHead, int kKeys>
struct RowGradient {
  const Work& work;
  const Job& job;
  typename GradientPipeline<kHead, kKeys>::Group tiles_of;

  Scores<kHead, kKeys> tile;
  uint32_t weights[kKeys / 16][4];
  Sums<kHead> sums;
  RowNumbers rows[2];  ///< of the thread's two queries

  __device__ void read_rows(const Place& place) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = place.first + tiles_of.group * tiles::kGroupRows +
                      tiles::accumulator_row(static_cast<int>(threadIdx.x) % 128, 2 * half);
      const int64_t head = (static_cast<int64_t>(place.batch) * work.heads + place.head) * padded_rows(job.queries);
      rows[half] = row < job.queries ? job.rows[head + row] : RowNumbers{INFINITY, 0};
    }
  }

  /// Scores and their gradients become dS, the left factor of dQ.
  __device__ void weigh(const Place& place, int first) {
    float sum = 0;
    const bool closed = job.mask != nullptr || first + kKeys > job.keys;
    uint32_t open[(kKeys + 31) / 32] = {};
    if (closed) open_keys<kKeys>(job.mask, job.keys, place.batch, first, tiles_of.lane, open);
#pragma unroll
    for (int i = 0; i < kKeys / 2; ++i) {
      const int half = (i / 2) % 2, block = i / 4;
      float weight = power_of_two(tile.scores[i] * job.log2_scale - rows[half].log_sum_exp);
      sum += weight;
      const uint32_t bit = open[block / 4] >> (8 * (block % 4) + i % 2) >> (2 * (tiles_of.lane % 4));
      if (closed && (bit & 1U) == 0) weight = 0;
      tile.scores[i] = tiles::score_gradient(weight, tile.gradients[i], rows[half].output_sum);
    }
    compute_before(sum);
  }

  __device__ void queue_sums(int stage) {
    multiply_columns<kHead, kKeys>(sums, weights, tiles_of.streamed_rows(stage, kFirstKind));
    products_commit();
  }

  __device__ void finish(const Place& place) {
    const float factors[2] = {job.scale, job.scale};
    sums.scale(factors);
    store_sums<kHead>(job.first_gradient, work, place, tiles_of.group, sums);
    sums.clear();
  }

  __device__ void run() {
    int index = static_cast<int>(blockIdx.x), first = 0;
    Place place = place_of(work, index);
    tiles_of.begin_turns();
    tiles_of.wait_fixed();
    tiles_of.wait_streamed();
    sums.clear();
    read_rows(place);
    products_begin();
    tile.queue(tiles_of);
    products_wait<0>();
    tile.hold();
    weigh(place, 0);
    pack<kKeys>(tile.scores, weights);
    for (;;) {
      const bool last = first + kKeys >= work.streamed_rows;
      if (last) index += static_cast<int>(gridDim.x);
      if (index >= work.total()) break;
      const int stage = tiles_of.ring.stage;
      tiles_of.ring.advance();
      if (last) tiles_of.next_fixed();
      tiles_of.wait_streamed();
      tile.hold();
      sums.hold();
      tiles_of.take_turn();
      products_begin();
      tile.queue(tiles_of);
      queue_sums(stage);
      tiles_of.pass_turn();
      const Place next = last ? place_of(work, index) : place;
      if (last) read_rows(next);
      products_wait<1>();
      tile.hold();
      first = last ? 0 : first + kKeys;
      weigh(next, first);
      products_wait<0>();
      sums.hold();
      tiles_of.release_streamed(stage);
      if (last) finish(place);
      pack<kKeys>(tile.scores, weights);
      place = next;
    }
    sums.hold();
    products_begin();
    queue_sums(tiles_of.ring.stage);
    products_wait<0>();
    sums.hold();
    finish(place);
  }
};

/// dK and dV of 64 keys.
template <int kHead, int kQueries>
struct ColumnGradient {
  const Work& work;
  const Job& job;
  typename GradientPipeline<kHead, kQueries>::Group tiles_of;

  Scores<kHead, kQueries> tile;
  uint32_t weights[kQueries / 16][4], moved_weights[kQueries / 16][4];
  Sums<kHead> key_sums, value_sums;
  RowNumbers queries[kQueries / 4];
  bool open[2];  ///< whether the thread's two keys may be attended

  __device__ void read_keys(const Place& place) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int key = place.first + tiles_of.group * tiles::kGroupRows +
                      tiles::accumulator_row(static_cast<int>(threadIdx.x) % 128, 2 * half);
      open[half] =
          key < job.keys && (job.mask == nullptr || job.mask[static_cast<int64_t>(place.batch) * job.keys + key]);
    }
  }

  /// The numbers of the queries whose columns this thread has.
  __device__ void read_queries(const Place& place, int first) {
    const int64_t head = (static_cast<int64_t>(place.batch) * work.heads + place.head) * padded_rows(job.queries);
    const RowNumbers* const from = job.rows + head + first + 2 * (tiles_of.lane % 4);
#pragma unroll
    for (int block = 0; block < kQueries / 8; ++block) {
      const float4 two = __ldg(reinterpret_cast<const float4*>(from + 8 * block));
      queries[2 * block] = {two.x, two.y};
      queries[2 * block + 1] = {two.z, two.w};
    }
  }

  /// Scores become weights, their gradients dS; both are transposed here: rows are keys.
  __device__ void weigh() {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kQueries / 2; ++i) {
      const RowNumbers& query = queries[2 * (i / 4) + i % 2];
      const float power = power_of_two(tile.scores[i] * job.log2_scale - query.log_sum_exp);
      const float weight = open[(i / 2) % 2] ? power : 0.0F;
      sum += weight;
      tile.scores[i] = weight;
      tile.gradients[i] = tiles::score_gradient(weight, tile.gradients[i], query.output_sum);
    }
    compute_before(sum);
  }

  __device__ void pack_weights() {
    pack<kQueries>(tile.scores, weights);
    pack<kQueries>(tile.gradients, moved_weights);
  }

  __device__ void hold_sums() {
    key_sums.hold();
    value_sums.hold();
  }

  __device__ void queue_sums(int stage) {
    multiply_columns<kHead, kQueries>(value_sums, weights, tiles_of.streamed_rows(stage, kSecondKind));
    multiply_columns<kHead, kQueries>(key_sums, moved_weights, tiles_of.streamed_rows(stage, kFirstKind));
    products_commit();
  }

  __device__ void finish(const Place& place) {
    const float factors[2] = {job.scale, job.scale};
    key_sums.scale(factors);
    store_sums<kHead>(job.first_gradient, work, place, tiles_of.group, key_sums);
    store_sums<kHead>(job.second_gradient, work, place, tiles_of.group, value_sums);
    key_sums.clear();
    value_sums.clear();
  }

  __device__ void run() {
    int index = static_cast<int>(blockIdx.x), first = 0;
    Place place = place_of(work, index);
    tiles_of.begin_turns();
    tiles_of.wait_fixed();
    tiles_of.wait_streamed();
    key_sums.clear();
    value_sums.clear();
    read_keys(place);
    read_queries(place, 0);
    products_begin();
    tile.queue(tiles_of);
    products_wait<0>();
    tile.hold();
    weigh();
    pack_weights();
    for (;;) {
      const bool last = first + kQueries >= work.streamed_rows;
      if (last) index += static_cast<int>(gridDim.x);
      if (index >= work.total()) break;
      const int stage = tiles_of.ring.stage;
      tiles_of.ring.advance();
      if (last) tiles_of.next_fixed();
      tiles_of.wait_streamed();
      tile.hold();
      hold_sums();
      tiles_of.take_turn();
      products_begin();
      tile.queue(tiles_of);
      queue_sums(stage);
      tiles_of.pass_turn();
      const Place next = last ? place_of(work, index) : place;
      if (last) read_keys(next);
      first = last ? 0 : first + kQueries;
      read_queries(next, first);
      products_wait<1>();
      tile.hold();
      weigh();
      products_wait<0>();
      hold_sums();
      tiles_of.release_streamed(stage);
      if (last) finish(place);
      pack_weights();
      place = next;
    }
    hold_sums();
    products_begin();
    queue_sums(tiles_of.ring.stage);
    products_wait<0>();
    hold_sums();
    finish(place);
  }
};

template <int kHead, int kRows, template <int, int> class Gradient>
__global__ void __launch_bounds__(kThreads, 1)
    hopper_gradient(const __grid_constant__ Maps maps, const __grid_constant__ Work work,
                    const __grid_constant__ Job job) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  using P = GradientPipeline<kHead, kRows>;
  P::run(maps, work, [&](const typename P::Group& group) {
    Gradient<kHead, kRows> gradient{work, job, group};
    gradient.run();
  });
#endif
}

/// @tparam kRows  streamed rows a tile.
template <int kHead, int kRows>
const char* launch_both(const AttentionGradient& p, cudaStream_t stream) {
  const auto encoded = [&](TensorMaps& to, const HeadRows& rows, int64_t rows_of_head, int box_rows) {
    return encode<kHead>(to, rows, p.batch, rows_of_head, p.heads, p.head_size, box_rows);
  };
  Maps by_row{}, by_column{};
  const bool ready = encoded(by_row.fixed[kFirstKind], p.q, p.queries, tiles::kGroupRows) &&
                     encoded(by_row.fixed[kSecondKind], p.output_gradient, p.queries, tiles::kGroupRows) &&
                     encoded(by_row.streamed[kFirstKind], p.k, p.keys, kRows) &&
                     encoded(by_row.streamed[kSecondKind], p.v, p.keys, kRows) &&
                     encoded(by_column.fixed[kFirstKind], p.k, p.keys, tiles::kGroupRows) &&
                     encoded(by_column.fixed[kSecondKind], p.v, p.keys, tiles::kGroupRows) &&
                     encoded(by_column.streamed[kFirstKind], p.q, p.queries, kRows) &&
                     encoded(by_column.streamed[kSecondKind], p.output_gradient, p.queries, kRows);
  if (!ready) return kUnaligned;
  const auto queries = static_cast<int>(p.queries), keys = static_cast<int>(p.keys), batch = static_cast<int>(p.batch),
             heads = static_cast<int>(p.heads), head_size = static_cast<int>(p.head_size);
  Job job{p.scale * kLog2E, p.scale, p.mask, queries, keys, p.rows, p.q_gradient, {}};
  using P = GradientPipeline<kHead, kRows>;
  const char* error = launch_kernel<P>(hopper_gradient<kHead, kRows, RowGradient>, by_row,
                                       Work{0, batch, heads, queries, keys, head_size}, job, stream);
  if (error != nullptr) return error;
  job.first_gradient = p.k_gradient, job.second_gradient = p.v_gradient;
  return launch_kernel<P>(hopper_gradient<kHead, kRows, ColumnGradient>, by_column,
                          Work{0, batch, heads, keys, queries, head_size}, job, stream);
}

}  // namespace

const char* launch_hopper(const AttentionGradient& p, void* stream) {
  if (p.element != ElementType::kBfloat16) return "bfloat16 alone";
  if (tensor_map_encoder() == nullptr) return "a driver without tensor maps";
  if (const char* error = launch_row_numbers(p, stream)) return error;
  const cudaStream_t queue = as_stream(stream);
  if (p.head_size <= 16) return launch_both<16, 64>(p, queue);
  if (p.head_size <= 32) return launch_both<32, 64>(p, queue);
  if (p.head_size <= 64) return launch_both<64, 64>(p, queue);
  if (p.head_size <= 80) return launch_both<80, 64>(p, queue);
  if (p.head_size <= 96) return launch_both<96, 64>(p, queue);
  return launch_both<128, 32>(p, queue);
}

}  // namespace emf::fused
