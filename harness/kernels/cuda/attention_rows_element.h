// SPDX-License-Identifier: Apache-2.0
// RowNumbers of a head's rows: rowsum(dO O), 16 bytes a thread.
#pragma once

#include <cmath>

#include "harness/kernels/cuda/attention_tiles.h"
#include "harness/kernels/cuda/element.h"
#include "harness/kernels/fused/attention.h"

namespace emf::fused {

/// Threads that share a row of a head: the power of two that 16 bytes each are enough for, 32 at most.
template <class Element>
EMF_HOST_DEVICE int lanes_of_row(int64_t head_size) {
  int lanes = 1;
  while (lanes * 16 < head_size * static_cast<int64_t>(sizeof(Element))) lanes *= 2;
  return lanes;
}

/// One thread's part of a row.
struct RowShare {
  int64_t batch, head, query;
  float sum;    ///< of its columns
  bool inside;  ///< a row of the scratch
};

/// Heads of one row are neighbours, as they lie in memory.   @param thread  of batch * padded_rows * heads * lanes.
template <class Element>
EMF_HOST_DEVICE RowShare row_share(const AttentionGradient& p, int64_t thread, int lanes) {
  constexpr int kUnit = 16 / sizeof(Element);
  const int64_t index = thread / lanes, lane = thread % lanes, rows = padded_rows(p.queries);
  RowShare share{index / (p.heads * rows), index % p.heads, index / p.heads % rows, 0, false};
  share.inside = share.batch < p.batch;
  if (!share.inside || share.query >= p.queries || lane * kUnit >= p.head_size) return share;
  float output[kUnit], gradient[kUnit];
  const auto read = [&](const HeadRows& of, float(&to)[kUnit]) {
    const auto* const row = static_cast<const Element*>(of.data) + share.batch * of.batch_stride +
                            share.query * of.row_stride + share.head * of.head_stride;
    load_pack<kUnit>(row, lane, to);
  };
  read(p.output, output);
  read(p.output_gradient, gradient);
  EMF_UNROLL
  for (int i = 0; i < kUnit; ++i) share.sum += output[i] * gradient[i];
  return share;
}

/// Written by one thread of a row, with the sum of all its threads.
EMF_HOST_DEVICE void write_row(const AttentionGradient& p, const RowShare& share, float sum) {
  RowNumbers numbers{INFINITY, 0};
  if (share.query < p.queries) {
    numbers = {p.log_sum_exp[(share.batch * p.heads + share.head) * p.queries + share.query] * kLog2E, sum};
  }
  p.rows[(share.batch * p.heads + share.head) * padded_rows(p.queries) + share.query] = numbers;
}

}  // namespace emf::fused
