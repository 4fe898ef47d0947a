// SPDX-License-Identifier: Apache-2.0
// One row of the residual step and its normalisation, for a group of threads on the device or on the host.
#pragma once

#include <cmath>

#include "harness/kernels/cuda/element.h"
#include "harness/kernels/cuda/row_group.h"
#include "harness/kernels/fused/residual_norm.h"

namespace emf::fused {

/// Neighbours that a thread reads at once: 16 bytes of fp32, 8 of bf16.
constexpr int kQuad = 4;

/// What a thread keeps of a row: quads `thread`, `thread + kThreads`, ...
template <int kQuads>
struct ResidualNormLane {
  float value[kQuads][kQuad], tangent[kQuads][kQuad];
};

/// f(i, quad) for each quad of the row that belongs to the thread: its i-th.
template <int kQuads, int kThreads, class F>
EMF_HOST_DEVICE void for_quads(int thread, int quads, const F& f) {
  EMF_UNROLL
  for (int i = 0; i < kQuads; ++i) {
    const int quad = thread + i * kThreads;
    if (quad < quads) f(i, quad);
  }
}

/// A sample's quad of a vector, or `otherwise` where there is no vector.
template <class Narrow>
EMF_HOST_DEVICE void load_vector(const SampleVector& vector, int64_t sample, int quad, float otherwise,
                                 float (&to)[kQuad]) {
  if (vector.values != nullptr) {
    load_pack(static_cast<const Narrow*>(vector.values) + sample * vector.stride, quad, to);
  } else {
    EMF_UNROLL
    for (int j = 0; j < kQuad; ++j) to[j] = otherwise;
  }
}

/// sum += factor y.
EMF_HOST_DEVICE void add_product(const float (&factor)[kQuad], const float (&y)[kQuad], float (&sum)[kQuad]) {
  EMF_UNROLL
  for (int j = 0; j < kQuad; ++j) sum[j] += factor[j] * y[j];
}

/// x + gate branch, and its tangent x' + gate branch' + gate' branch, of one quad.
/// @param place  of the quad among all.
template <class Stream, class Narrow>
EMF_HOST_DEVICE void load_sum(const ResidualNorm& call, int64_t sample, int64_t place, int quad, bool moves,
                              float (&value)[kQuad], float (&tangent)[kQuad]) {
  load_pack(static_cast<const Stream*>(call.x), place, value);
  EMF_UNROLL
  for (int j = 0; j < kQuad; ++j) tangent[j] = 0;
  if (moves && call.x_tangent != nullptr) load_pack(static_cast<const Stream*>(call.x_tangent), place, tangent);
  if (call.branch == nullptr) return;
  float y[kQuad], factor[kQuad], other[kQuad];
  load_pack(static_cast<const Narrow*>(call.branch), place, y);
  load_vector<Narrow>(call.gate, sample, quad, 1, factor);
  add_product(factor, y, value);
  if (!moves) return;
  if (call.branch_tangent != nullptr) {
    load_pack(static_cast<const Narrow*>(call.branch_tangent), place, other);
    add_product(factor, other, tangent);
  }
  if (call.gate_tangent.values != nullptr) {
    load_vector<Narrow>(call.gate_tangent, sample, quad, 0, other);
    add_product(other, y, tangent);
  }
}

/// The whole work on one row.
/// @param Group  of ResidualNormLane<kQuads>.
template <class Stream, class Narrow, int kQuads, class Group>
EMF_HOST_DEVICE void residual_norm_row(const ResidualNorm& call, int64_t row, Group& group) {
  using Lane = ResidualNormLane<kQuads>;
  constexpr int kThreads = Group::kThreads;
  const int64_t sample = row / call.tokens;
  const int quads = call.width / kQuad;
  const int64_t first = row * quads;
  const bool moves = sample < call.moving_samples;
  const float share = 1.0f / static_cast<float>(call.width);

  group.each([&](int thread, Lane& lane) {
    // All loads, then all stores: a thread waits once.
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
      load_sum<Stream, Narrow>(call, sample, first + quad, quad, moves, lane.value[i], lane.tangent[i]);
    });
    if (call.branch == nullptr) return;
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
      store_pack(static_cast<Stream*>(call.sum), first + quad, lane.value[i]);
      if (moves && call.sum_tangent != nullptr) {
        store_pack(static_cast<Stream*>(call.sum_tangent), first + quad, lane.tangent[i]);
      }
    });
  });
  if (call.normed == nullptr) return;

  const Two means = group.sum([&](int thread, Lane& lane) {
    Two sums{0, 0};
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int) {
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) {
        sums.a += lane.value[i][j];
        if (moves) sums.b += lane.tangent[i][j];
      }
    });
    return sums;
  });
  const float mean = means.a * share, tangent_mean = means.b * share;
  // From centred values, and not as a difference of two large sums. The tangent's product is with them, too.
  const Two products = group.sum([&](int thread, Lane& lane) {
    Two sums{0, 0};
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int) {
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) {
        lane.value[i][j] -= mean;
        sums.a += lane.value[i][j] * lane.value[i][j];
        if (moves) {
          lane.tangent[i][j] -= tangent_mean;
          sums.b += lane.tangent[i][j] * lane.value[i][j];
        }
      }
    });
    return sums;
  });
  const float rstd = 1.0f / sqrtf(products.a * share + call.epsilon);
  const float along = products.b * share * rstd;  // mean(y x')

  group.each([&](int thread, Lane& lane) {
    if (thread == 0 && call.mean != nullptr) {
      call.mean[row] = mean;
      call.rstd[row] = rstd;
    }
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
      float shift[kQuad], scale[kQuad], out[kQuad];
      load_vector<Narrow>(call.shift, sample, quad, 0, shift);
      load_vector<Narrow>(call.scale, sample, quad, 0, scale);
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) {
        lane.value[i][j] *= rstd;
        out[j] = lane.value[i][j] * (1 + scale[j]) + shift[j];
      }
      store_pack(static_cast<Narrow*>(call.normed), first + quad, out);
      if (!moves) return;
      float shift_moves[kQuad], scale_moves[kQuad];
      load_vector<Narrow>(call.shift_tangent, sample, quad, 0, shift_moves);
      load_vector<Narrow>(call.scale_tangent, sample, quad, 0, scale_moves);
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) {
        const float moved = (lane.tangent[i][j] - lane.value[i][j] * along) * rstd;
        out[j] = moved * (1 + scale[j]) + lane.value[i][j] * scale_moves[j] + shift_moves[j];
      }
      store_pack(static_cast<Narrow*>(call.normed_tangent), first + quad, out);
    });
  });
}

// Which group a width takes:  X(largest width, threads a row, quads a thread). A warp a row where its registers hold
// the row, for then no thread waits for another warp.
#define EMF_RESIDUAL_NORM_GROUPS(X) \
  X(128, 32, 1) X(384, 32, 3) X(1152, 32, 9) X(1536, 128, 3) X(3072, 256, 3) X(4608, 128, 9) X(8192, 256, 8)

}  // namespace emf::fused
