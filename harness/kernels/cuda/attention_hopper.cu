// SPDX-License-Identifier: Apache-2.0
// Attention with tangent on Hopper: bfloat16 factors through wgmma, softmax and sums in float32.
//
// A block of threads holds 128 queries of one head, 64 a group of four warps, and streams the keys and values. For one
// tile after the other a group queues the next tile's products with keys, this tile's with values, and the next tile's
// tangents; while the tensor cores work on the latter two it computes the next tile's softmax. Weights go from one
// product's sums into the next one's left factor without leaving registers.
//
// Source of the plan: FlashAttention-3 (Shah et al. 2024); of the tangent's part: ours.
#include "harness/kernels/cuda/hopper_pipeline.h"
#include "harness/kernels/cuda/launch_functions.h"

namespace emf::fused {
namespace {

using namespace hopper;  // NOLINT: this file is written in its words

enum class Moving { kNothing, kQueries, kAll };

// Kinds of fixed rows, and of streamed ones.
constexpr int kQueries = 0, kQueryTangents = 1;
constexpr int kKeysAt = 0, kValuesAt = 1, kKeyTangentsAt = 2, kValueTangentsAt = 3;

template <int kHead, int kKeys, Moving kMoving>
using ForwardPipeline = Pipeline<kHead, kKeys, kMoving == Moving::kNothing ? 1 : 2, kMoving == Moving::kAll ? 4 : 2>;

struct Job {
  float log2_scale, scale;
  const bool* mask;
  HeadRows output, output_tangent;
  float* log_sum_exp;
};

/// What one group of four warps has in registers: the tile it works on, and all that is summed.
template <int kHead, int kKeys, Moving kMoving>
struct Consumer {
  static constexpr bool kTangent = kMoving != Moving::kNothing, kAll = kMoving == Moving::kAll;

  const Work& work;
  const Job& job;
  typename ForwardPipeline<kHead, kKeys, kMoving>::Group tiles_of;

  float scores[kKeys / 2], moved[kTangent ? kKeys / 2 : 1];
  uint32_t weights[kKeys / 16][4], moved_weights[kTangent ? kKeys / 16 : 1][4];
  Sums<kHead> sums, tangent_sums;
  tiles::OnlineRow rows[2];
  float centres[2];  ///< tiles::centre_of() of the thread's two rows

  __device__ void queue_scores() {
    multiply_rows<kHead, kKeys>(scores, tiles_of.fixed_rows(kQueries),
                                tiles_of.streamed_rows(tiles_of.ring.stage, kKeysAt), false);
    products_commit();
  }

  __device__ void queue_moved() {
    const int stage = tiles_of.ring.stage;
    if constexpr (kTangent) {
      multiply_rows<kHead, kKeys>(moved, tiles_of.fixed_rows(kQueryTangents), tiles_of.streamed_rows(stage, kKeysAt),
                                  false);
    }
    if constexpr (kAll) {
      multiply_rows<kHead, kKeys>(moved, tiles_of.fixed_rows(kQueries), tiles_of.streamed_rows(stage, kKeyTangentsAt),
                                  true);
    }
    products_commit();
  }

  __device__ void queue_values(int stage) {
    const uint32_t values = tiles_of.streamed_rows(stage, kValuesAt);
    multiply_columns<kHead, kKeys>(sums, weights, values);
    if constexpr (kTangent) multiply_columns<kHead, kKeys>(tangent_sums, moved_weights, values);
    if constexpr (kAll) {
      multiply_columns<kHead, kKeys>(tangent_sums, weights, tiles_of.streamed_rows(stage, kValueTangentsAt));
    }
    products_commit();
  }

  __device__ void hold_scores() { hold(scores); }
  __device__ void hold_moved() {
    if constexpr (kTangent) hold(moved);
  }
  __device__ void hold_sums() {
    sums.hold();
    if constexpr (kTangent) tangent_sums.hold();
  }

  /// Scores become weights, not yet divided by their sum.   @param factors  of everything summed before this tile.
  __device__ void exponentiate(int batch, int first, float (&factors)[2]) {
    if (job.mask != nullptr || first + kKeys > work.streamed_rows) {
      uint32_t open[(kKeys + 31) / 32];
      open_keys<kKeys>(job.mask, work.streamed_rows, batch, first, tiles_of.lane, open);
#pragma unroll
      for (int i = 0; i < kKeys / 2; ++i) {
        const int block = i / 4;
        const uint32_t bit = open[block / 4] >> (8 * (block % 4) + i % 2) >> (2 * (tiles_of.lane % 4));
        if ((bit & 1U) == 0) scores[i] = -INFINITY;
      }
    }
    float bases[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float maximum = -INFINITY;
#pragma unroll
      for (int i = 0; i < kKeys / 2; ++i) {
        if ((i / 2) % 2 == half) maximum = fmaxf(maximum, scores[i]);
      }
      factors[half] = rows[half].raise(maximum_of_quad(maximum) * job.log2_scale);
      bases[half] = rows[half].base();
    }
#pragma unroll
    for (int i = 0; i < kKeys / 2; ++i) {
      const int half = (i / 2) % 2;
      scores[i] = power_of_two(scores[i] * job.log2_scale - bases[half]);
      rows[half].sum += scores[i];
    }
  }

  /// Makes of weights what the products with values take.
  __device__ void pack_weights(bool first_tile) {
    pack<kKeys>(scores, weights);
    if constexpr (kTangent) {
      if (first_tile) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float sum = 0;
#pragma unroll
          for (int i = 0; i < kKeys / 2; ++i) {
            if ((i / 2) % 2 == half) sum += scores[i] * moved[i];
          }
          sum = sum_of_quad(sum);
          const float whole = sum_of_quad(rows[half].sum);
          centres[half] = tiles::centre_of(sum, whole, job.scale);
        }
      }
#pragma unroll
      for (int i = 0; i < kKeys / 2; ++i) {
        const int half = (i / 2) % 2;
        moved[i] = tiles::moved_weight(scores[i], moved[i], job.scale, centres[half]);
        rows[half].moved += moved[i];
      }
      pack<kKeys>(moved, moved_weights);
    }
  }

  __device__ void scale_sums(const float (&factors)[2]) {
    if (__all_sync(0xffffffffU, factors[0] == 1 && factors[1] == 1)) return;
    sums.scale(factors);
    if constexpr (kTangent) tangent_sums.scale(factors);
  }

  /// Normalises and writes what was summed for a block of queries, and clears the sums.
  __device__ void finish(const Place& place, const tiles::OnlineRow (&ended)[2]) {
    float inverse[2], whole_moved[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float sum = sum_of_quad(ended[half].sum);
      inverse[half] = __fdividef(1.0F, sum);
      whole_moved[half] = sum_of_quad(ended[half].moved);
      const int row = place.first + tiles_of.group * tiles::kGroupRows +
                      tiles::accumulator_row(static_cast<int>(threadIdx.x) % 128, 2 * half);
      if (job.log_sum_exp != nullptr && tiles_of.lane % 4 == 0 && row < work.fixed_rows) {
        job.log_sum_exp[(static_cast<int64_t>(place.batch) * work.heads + place.head) * work.fixed_rows + row] =
            (ended[half].maximum + log2f(sum)) * kLnOfTwo;
      }
    }
    sums.scale(inverse);
    if constexpr (kTangent) {
#pragma unroll
      for (int i = 0; i < Sums<kHead>::kFirst / 2; ++i) {
        const int half = (i / 2) % 2;
        tangent_sums.first[i] =
            tiles::finished_tangent(tangent_sums.first[i], whole_moved[half], sums.first[i], inverse[half]);
      }
#pragma unroll
      for (int i = 0; i < Sums<kHead>::kSecond / 2; ++i) {
        const int half = (i / 2) % 2;
        tangent_sums.second[i] =
            tiles::finished_tangent(tangent_sums.second[i], whole_moved[half], sums.second[i], inverse[half]);
      }
      store_sums<kHead>(job.output_tangent, work, place, tiles_of.group, tangent_sums);
      tangent_sums.clear();
    }
    store_sums<kHead>(job.output, work, place, tiles_of.group, sums);
    sums.clear();
  }

  /// All blocks of queries of this block of threads, tile after tile, the first of the next block as if it were the
  /// next of this one: the tensor cores never wait for an end.
  __device__ void run() {
    int index = static_cast<int>(blockIdx.x), first = 0;
    Place place = place_of(work, index);
    float factors[2];
    tiles_of.begin_turns();
    tiles_of.wait_fixed();
    tiles_of.wait_streamed();
    sums.clear();
    tangent_sums.clear();
    products_begin();
    queue_scores();
    queue_moved();
    products_wait<1>();
    hold_scores();
    exponentiate(place.batch, 0, factors);
    compute_before(rows[0].sum + rows[1].sum);
    products_wait<0>();
    hold_moved();
    pack_weights(true);
    for (;;) {
      const bool last = first + kKeys >= work.streamed_rows;
      if (last) index += static_cast<int>(gridDim.x);
      if (index >= work.total()) break;
      const int stage = tiles_of.ring.stage;
      tiles_of.ring.advance();
      if (last) tiles_of.next_fixed();
      tiles_of.wait_streamed();
      hold_scores();
      hold_moved();
      hold_sums();
      tiles_of.take_turn();
      products_begin();
      queue_scores();
      queue_values(stage);
      queue_moved();
      tiles_of.pass_turn();
      // The next tile's softmax, while the tensor cores work on this tile's values and on the next one's tangents.
      products_wait<2>();
      hold_scores();
      const tiles::OnlineRow ended[2] = {rows[0], rows[1]};
      const Place next = last ? place_of(work, index) : place;
      if (last) rows[0] = rows[1] = tiles::OnlineRow();
      first = last ? 0 : first + kKeys;
      exponentiate(next.batch, first, factors);
      compute_before(rows[0].sum + rows[1].sum);
      products_wait<0>();
      hold_moved();
      hold_sums();
      tiles_of.release_streamed(stage);
      if (last) {
        finish(place, ended);
      } else {
        scale_sums(factors);
      }
      pack_weights(last);
      place = next;
    }
    hold_sums();
    products_begin();
    queue_values(tiles_of.ring.stage);
    products_wait<0>();
    hold_sums();
    finish(place, rows);
  }
};

template <int kHead, int kKeys, Moving kMoving>
__global__ void __launch_bounds__(kThreads, 1)
    hopper_attention(const __grid_constant__ Maps maps, const __grid_constant__ Work work,
                     const __grid_constant__ Job job) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  using P = ForwardPipeline<kHead, kKeys, kMoving>;
  P::run(maps, work, [&](const typename P::Group& group) {
    Consumer<kHead, kKeys, kMoving> consumer{work, job, group};
    consumer.run();
  });
#endif
}

template <int kHead, int kKeys, Moving kMoving>
const char* launch_part(const DualAttention& p, int64_t first, int64_t count, cudaStream_t stream) {
  if (count == 0) return nullptr;
  Maps maps{};
  const auto encoded = [&](TensorMaps& to, const HeadRows& rows, int64_t batch, int64_t rows_of_head, int box_rows) {
    return encode<kHead>(to, rows, batch, rows_of_head, p.heads, p.head_size, box_rows);
  };
  bool ready = encoded(maps.fixed[kQueries], p.q, p.batch, p.queries, tiles::kGroupRows) &&
               encoded(maps.streamed[kKeysAt], p.k, p.batch, p.keys, kKeys) &&
               encoded(maps.streamed[kValuesAt], p.v, p.batch, p.keys, kKeys);
  if (kMoving != Moving::kNothing) {
    ready = ready && encoded(maps.fixed[kQueryTangents], p.q_tangent, p.tangent_batch, p.queries, tiles::kGroupRows);
  }
  if (kMoving == Moving::kAll) {
    ready = ready && encoded(maps.streamed[kKeyTangentsAt], p.k_tangent, p.tangent_batch, p.keys, kKeys) &&
            encoded(maps.streamed[kValueTangentsAt], p.v_tangent, p.tangent_batch, p.keys, kKeys);
  }
  if (!ready) return kUnaligned;
  const auto dense = [&](void* data) {
    return HeadRows{data, p.queries * p.heads * p.head_size, p.heads * p.head_size, p.head_size};
  };
  const Work work{static_cast<int>(first),     static_cast<int>(count),  static_cast<int>(p.heads),
                  static_cast<int>(p.queries), static_cast<int>(p.keys), static_cast<int>(p.head_size)};
  const Job job{p.scale * kLog2E, p.scale, p.mask, dense(p.output), dense(p.output_tangent), p.log_sum_exp};
  return launch_kernel<ForwardPipeline<kHead, kKeys, kMoving>>(hopper_attention<kHead, kKeys, kMoving>, maps, work, job,
                                                               stream);
}

/// @tparam kKeys, kValueKeys  keys a tile with and without a tangent: as many as registers hold.
template <int kHead, int kKeys, int kValueKeys>
const char* launch_moving(const DualAttention& p, cudaStream_t stream) {
  const int64_t moving = p.output_tangent == nullptr ? 0 : p.tangent_batch;
  const char* error = p.k_tangent.data != nullptr ? launch_part<kHead, kKeys, Moving::kAll>(p, 0, moving, stream)
                                                  : launch_part<kHead, kKeys, Moving::kQueries>(p, 0, moving, stream);
  if (error != nullptr) return error;
  return launch_part<kHead, kValueKeys, Moving::kNothing>(p, moving, p.batch - moving, stream);
}

}  // namespace

const char* launch_hopper(const DualAttention& p, void* stream) {
  if (const char* reason = unsupported(p)) return reason;
  if (p.element != ElementType::kBfloat16) return "bfloat16 alone";
  if (!(p.scale > 0)) return "a scale of at most zero";
  if (tensor_map_encoder() == nullptr) return "a driver without tensor maps";
  const cudaStream_t queue = as_stream(stream);
  if (p.head_size <= 16) return launch_moving<16, 64, 128>(p, queue);
  if (p.head_size <= 32) return launch_moving<32, 64, 128>(p, queue);
  if (p.head_size <= 64) {
    // Few keys would leave most of a second long tile empty.
    return p.keys > 1024 ? launch_moving<64, 96, 128>(p, queue) : launch_moving<64, 64, 128>(p, queue);
  }
  if (p.head_size <= 80) return launch_moving<80, 64, 128>(p, queue);
  if (p.head_size <= 96) return launch_moving<96, 64, 128>(p, queue);
  return launch_moving<128, 32, 96>(p, queue);
}

}  // namespace emf::fused
