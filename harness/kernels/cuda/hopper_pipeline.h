// SPDX-License-Identifier: Apache-2.0
// How tiles of heads come to those that compute on Hopper: one group of warps copies, two compute, rings of buffers in
// shared memory between them. For .cu files alone; sm_90a.
//
// A block of threads has some rows of a head fixed (forward: queries and their tangents), 64 of each kind a group, and
// other rows of the same head streamed by it (keys, values and theirs), tile by tile. It lives as long as there are
// rows to fix: their copies overlap with the end of what came before.
#pragma once

#include <cuda.h>
#include <cudaTypedefs.h>

#include <algorithm>

#include "harness/kernels/cuda/hopper_tiles.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/fused/attention.h"

namespace emf::fused::hopper {

constexpr int kGroups = 2;  // that compute; one more copies
constexpr int kThreads = 128 * (kGroups + 1);
constexpr int kBlockRows = kGroups * tiles::kGroupRows;
constexpr int kSharedBytes = 227 * 1024;  // that a block may have

/// Bytes of `rows` rows of a head: chunk after chunk.
constexpr int tile_bytes(int head, int rows) { return rows * 2 * tiles::padded_head(head); }

/// One map for chunks of 64 columns, one for what is left.
struct TensorMaps {
  CUtensorMap wide, narrow;
};

/// What is copied: the kinds of fixed rows, and of streamed ones.
struct Maps {
  TensorMaps fixed[2], streamed[4];
};

struct Work {
  int first_batch, batch, heads, fixed_rows, streamed_rows, head_size;

  __host__ __device__ int blocks() const { return (fixed_rows + kBlockRows - 1) / kBlockRows; }
  __host__ __device__ int total() const { return blocks() * heads * batch; }
};

struct Place {
  int batch, head, first;  ///< first of the fixed rows
};

/// Blocks of one head follow each other, so that what they stream is in the L2 cache.
__device__ inline Place place_of(const Work& work, int index) {
  const int blocks = work.blocks();
  return {work.first_batch + index / (blocks * work.heads), (index / blocks) % work.heads, index % blocks * kBlockRows};
}

template <int kStages>
struct Ring {
  int stage = 0;
  uint32_t phase = 0;

  __device__ void advance() {
    if (++stage == kStages) stage = 0, phase ^= 1U;
  }
};

/// @tparam kFixed, kStreamed  how many kinds of rows.   @tparam kRows  streamed rows a tile.
template <int kHead, int kRows, int kFixed, int kStreamed>
struct Pipeline {
  static constexpr int kHeadColumns = kHead, kTileRows = kRows;
  static constexpr int kFixedTile = tile_bytes(kHead, tiles::kGroupRows), kStreamedTile = tile_bytes(kHead, kRows);
  static constexpr int kFixedBytes = kGroups * kFixed * kFixedTile, kStageBytes = kStreamed * kStreamedTile;
  static constexpr int kBuffers = 2;  // of fixed rows
  static constexpr int kStages = std::min(6, (kSharedBytes - 2048 - kBuffers * kFixedBytes) / kStageBytes);
  static constexpr int kBytes = 1024 + kBuffers * kFixedBytes + kStages * kStageBytes + 1024;
  static_assert(kStages >= 2, "a ring of two stages at least");

  struct Barriers {
    uint64_t full[kStages], empty[kStages], fixed_full[kBuffers], fixed_empty[kBuffers];
  };

  __device__ static void copy_rows(uint8_t* to, int rows, const TensorMaps& maps, uint64_t* barrier, const Place& place,
                                   int first) {
#pragma unroll
    for (int chunk = 0; chunk < tiles::chunk_count(kHead); ++chunk) {
      const bool wide = tiles::chunk_columns(kHead, chunk) == 64;
      copy_box(to + rows * 128 * chunk, wide ? &maps.wide : &maps.narrow, barrier, 64 * chunk, place.head, first,
               place.batch);
    }
  }

  /// By one thread: everything that the computing groups will ask for, as soon as there is room.
  __device__ static void produce(const Maps& maps, const Work& work, uint8_t* fixed, uint8_t* stages, Barriers& bar) {
    Ring<kStages> ring;
    Ring<kBuffers> buffer;
    for (int index = static_cast<int>(blockIdx.x); index < work.total(); index += static_cast<int>(gridDim.x)) {
      const Place place = place_of(work, index);
      barrier_wait(&bar.fixed_empty[buffer.stage], buffer.phase ^ 1U);
      barrier_expect_bytes(&bar.fixed_full[buffer.stage], kFixedBytes);
#pragma unroll
      for (int tile = 0; tile < kGroups * kFixed; ++tile) {
        copy_rows(fixed + buffer.stage * kFixedBytes + tile * kFixedTile, tiles::kGroupRows, maps.fixed[tile % kFixed],
                  &bar.fixed_full[buffer.stage], place, place.first + tile / kFixed * tiles::kGroupRows);
      }
      buffer.advance();
      for (int first = 0; first < work.streamed_rows; first += kRows) {
        barrier_wait(&bar.empty[ring.stage], ring.phase ^ 1U);
        barrier_expect_bytes(&bar.full[ring.stage], kStageBytes);
#pragma unroll
        for (int kind = 0; kind < kStreamed; ++kind) {
          copy_rows(stages + ring.stage * kStageBytes + kind * kStreamedTile, kRows, maps.streamed[kind],
                    &bar.full[ring.stage], place, first);
        }
        ring.advance();
      }
    }
  }

  /// What a group of four warps sees of the buffers.
  struct Group {
    uint32_t fixed, stages;  ///< addresses in shared memory; `fixed` is this group's part
    Barriers* bar;
    int group, lane;
    Ring<kStages> ring;
    Ring<kBuffers> buffer;

    __device__ uint32_t fixed_rows(int kind) const {
      return uniform(fixed + buffer.stage * kFixedBytes) + kind * kFixedTile;
    }
    __device__ uint32_t streamed_rows(int stage, int kind) const {
      return uniform(stages + stage * kStageBytes) + kind * kStreamedTile;
    }
    __device__ void wait_fixed() { barrier_wait(&bar->fixed_full[buffer.stage], buffer.phase); }
    __device__ void wait_streamed() { barrier_wait(&bar->full[ring.stage], ring.phase); }
    /// One arrival a warp, when all its threads are done with what the barrier guards.
    __device__ void release(uint64_t* barrier) const {
      __syncwarp();
      if (lane == 0) barrier_arrive(barrier);
    }
    __device__ void release_streamed(int stage) const { release(&bar->empty[stage]); }
    // The groups queue their products in turn. While one's are under way the other computes with what its own left;
    // left to themselves, both come to wait and to compute at the same time.
    __device__ void begin_turns() const {
      if (group == 1) turn_arrive(0);
    }
    __device__ void take_turn() const { turn_wait(group); }
    __device__ void pass_turn() const { turn_arrive(1 - group); }

    __device__ void next_fixed() {
      release(&bar->fixed_empty[buffer.stage]);
      buffer.advance();
      wait_fixed();
    }
  };

  /// The whole kernel; `compute(group)` is what either computing group does.
  template <class Compute>
  __device__ static void run(const Maps& maps, const Work& work, const Compute& compute) {
    extern __shared__ uint8_t raw[];
    // The swizzle works on addresses, in periods of 1,024 bytes.
    uint8_t* const fixed = raw + (1024 - shared_address(raw) % 1024) % 1024;
    uint8_t* const stages = fixed + kBuffers * kFixedBytes;
    auto& bar = *reinterpret_cast<Barriers*>(stages + kStages * kStageBytes);
    constexpr int kWarps = 4 * kGroups;
    if (threadIdx.x == 0) {
      for (int i = 0; i < kStages; ++i) {
        barrier_init(&bar.full[i], 1);
        barrier_init(&bar.empty[i], kWarps);
      }
      for (int i = 0; i < kBuffers; ++i) {
        barrier_init(&bar.fixed_full[i], 1);
        barrier_init(&bar.fixed_empty[i], kWarps);
      }
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
      asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    }
    __syncthreads();
    const int group = static_cast<int>(uniform(threadIdx.x / 128)) - 1;
    if (group < 0) {
      give_registers<24>();
      if (threadIdx.x == 0) produce(maps, work, fixed, stages, bar);
    } else {
      take_registers<240>();
      compute(Group{shared_address(fixed) + group * kFixed * kFixedTile,
                    shared_address(stages),
                    &bar,
                    group,
                    static_cast<int>(threadIdx.x) % 32,
                    {},
                    {}});
    }
  }
};

/// Writes a group's sums to the rows of `to` that they belong to.
template <int kHead>
__device__ void store_sums(const HeadRows& to, const Work& work, const Place& place, int group,
                           const Sums<kHead>& sums) {
  const int first = place.first + group * tiles::kGroupRows,
            row = tiles::accumulator_row(static_cast<int>(threadIdx.x) % 128, 0), inside = work.fixed_rows - first;
  __nv_bfloat16* const start = static_cast<__nv_bfloat16*>(const_cast<void*>(to.data)) + place.batch * to.batch_stride +
                               first * to.row_stride + place.head * to.head_stride;
  store_chunk<Sums<kHead>::kFirst>(start, to.row_stride, inside, row, 0, work.head_size, sums.first);
  if constexpr (Sums<kHead>::kTwo) {
    store_chunk<Sums<kHead>::kSecond>(start, to.row_stride, inside, row, 64, work.head_size, sums.second);
  }
}

/// The driver's encoder of tensor maps, reached through the runtime; nullptr where there is none.
inline PFN_cuTensorMapEncodeTiled_v12000 tensor_map_encoder() {
  static const auto encoder = [] {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found{};
    const cudaError_t error =
        cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found);
    return error == cudaSuccess && found == cudaDriverEntryPointSuccess
               ? reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(function)
               : nullptr;
  }();
  return encoder;
}

inline bool encode(CUtensorMap& map, const HeadRows& rows, int64_t batch, int64_t count, int64_t heads,
                   int64_t head_size, int columns, int box_rows) {
  const cuuint64_t sizes[4] = {static_cast<cuuint64_t>(head_size), static_cast<cuuint64_t>(heads),
                               static_cast<cuuint64_t>(count), static_cast<cuuint64_t>(batch)};
  const auto bytes = [](int64_t stride) { return static_cast<cuuint64_t>(std::max<int64_t>(16, 2 * stride)); };
  const cuuint64_t strides[3] = {bytes(rows.head_stride), bytes(rows.row_stride), bytes(rows.batch_stride)};
  const cuuint32_t box[4] = {static_cast<cuuint32_t>(columns), 1, static_cast<cuuint32_t>(box_rows), 1};
  const cuuint32_t steps[4] = {1, 1, 1, 1};
  const CUtensorMapSwizzle swizzle = columns == 64   ? CU_TENSOR_MAP_SWIZZLE_128B
                                     : columns == 32 ? CU_TENSOR_MAP_SWIZZLE_64B
                                                     : CU_TENSOR_MAP_SWIZZLE_32B;
  return tensor_map_encoder()(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(rows.data), sizes, strides,
                              box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                              CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

/// @param count  rows of a head.   @return  false: a place or stride that is no multiple of 16 bytes.
template <int kHead>
bool encode(TensorMaps& maps, const HeadRows& rows, int64_t batch, int64_t count, int64_t heads, int64_t head_size,
            int box_rows) {
  constexpr int kLast = tiles::chunk_columns(kHead, tiles::chunk_count(kHead) - 1);
  if (!encode(maps.wide, rows, batch, count, heads, head_size, 64, box_rows)) return false;
  return kLast == 64 || encode(maps.narrow, rows, batch, count, heads, head_size, kLast, box_rows);
}

/// Queues `kernel(maps, work, job)` with as many blocks as there are multiprocessors.
template <class P, class Kernel, class Job>
const char* launch_kernel(const Kernel& kernel, const Maps& maps, const Work& work, const Job& job,
                          cudaStream_t stream) {
  int device = 0, processors = 0;
  cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, P::kBytes);
  if (error == cudaSuccess) error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
  if (error != cudaSuccess) return cudaGetErrorString(error);
  kernel<<<std::min(work.total(), processors), kThreads, P::kBytes, stream>>>(maps, work, job);
  return launch_error();
}

constexpr const char* kUnaligned = "the tensors' places or strides are no multiples of 16 bytes";

}  // namespace emf::fused::hopper
