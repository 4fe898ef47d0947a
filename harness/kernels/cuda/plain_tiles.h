// SPDX-License-Identifier: Apache-2.0
// Tiles of 32 rows in shared memory as float32, eight threads a row: what the plain attention kernels share. For .cu
// files alone.
#pragma once

#include "harness/kernels/cuda/attention_tiles.h"
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/element.h"
#include "harness/kernels/cuda/launch.h"
#include "harness/kernels/fused/attention.h"

namespace emf::fused::plain {

constexpr int kRows = 32, kLanes = 8, kThreads = kRows * kLanes;
constexpr int kPairPitch = kRows + 1;  // of a tile of rows by rows

/// Sum over the eight threads of a row.
__device__ inline float sum_of_row(float x) {
  for (int step = 1; step < kLanes; step *= 2) x += __shfl_xor_sync(0xffffffffU, x, step);
  return x;
}

__device__ inline float maximum_of_row(float x) {
  for (int step = 1; step < kLanes; step *= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffU, x, step));
  return x;
}

/// Rows [first, first + 32) of a head to [32][pitch]; rows from `rows` on are zero.
template <typename T>
__device__ void load_rows(const HeadRows& from, int64_t batch, int64_t head, int64_t first, int64_t rows, int head_size,
                          float* to, int pitch) {
  const T* base = static_cast<const T*>(from.data) + batch * from.batch_stride + head * from.head_stride;
  for (int i = static_cast<int>(threadIdx.x); i < kRows * head_size; i += kThreads) {
    const int row = i / head_size, column = i % head_size;
    to[row * pitch + column] = first + row < rows ? to_float(base[(first + row) * from.row_stride + column]) : 0.0F;
  }
}

/// Bytes of so many tiles of a head's rows, and of two of pairs.
inline size_t shared_bytes(int tiles_of_rows, int64_t head_size) {
  return sizeof(float) * (static_cast<size_t>(tiles_of_rows) * kRows * static_cast<size_t>(head_size + 1) +
                          size_t{2} * kRows * kPairPitch);
}

/// Queues a kernel with a block for each 32 rows of each head.
template <class Kernel, class... Arguments>
const char* launch_blocks(const Kernel& kernel, int64_t rows, int64_t heads, int64_t batch, size_t bytes,
                          cudaStream_t stream, const Arguments&... arguments) {
  const cudaError_t error =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
  if (error != cudaSuccess) return cudaGetErrorString(error);
  const int64_t blocks = (rows + kRows - 1) / kRows * heads * batch;
  kernel<<<static_cast<unsigned>(blocks), kThreads, bytes, stream>>>(arguments...);
  return launch_error();
}

}  // namespace emf::fused::plain
