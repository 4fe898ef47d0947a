// SPDX-License-Identifier: Apache-2.0
// The backward pass of the residual step and its normalisation, over a piece of a sample's tokens.
#pragma once

#include "harness/kernels/cuda/residual_norm_element.h"

namespace emf::fused {

/// Which of the three vectors a partial sum belongs to.
enum PartialSum { kGateSum, kShiftSum, kScaleSum, kPartialSums };

/// Tokens that one group walks over. A function of the shape alone, so that sums come in the same order on every card.
EMF_HOST_DEVICE int64_t tokens_a_piece(int64_t samples, int64_t tokens) {
  const int64_t wanted = (samples * tokens + 1023) / 1024;  // about 1,024 pieces: 8 to each processor of a large card
  return wanted < 4 ? 4 : wanted > 64 ? 64 : wanted;
}

EMF_HOST_DEVICE int64_t pieces_of(int64_t samples, int64_t tokens) {
  const int64_t piece = tokens_a_piece(samples, tokens);
  return (tokens + piece - 1) / piece;
}

/// Place of a quad's partial sum, in quads: [samples, pieces, 3, quads].
EMF_HOST_DEVICE int64_t partial_place(int64_t sample, int64_t piece, int64_t pieces, int which, int quad, int quads) {
  return ((sample * pieces + piece) * kPartialSums + which) * quads + quad;
}

template <int kQuads>
struct ResidualNormBackwardLane {
  float normalised[kQuads][kQuad], gradient[kQuads][kQuad];  // of one row: (sum - mean) rstd, and its gradient
  float arriving[kQuads][kQuad], branch[kQuads][kQuad];      // the sum's gradient; what was added
  float sums[kPartialSums][kQuads][kQuad];                   // over the rows so far
};

/// The tokens of one piece of one sample.   @param Group  of ResidualNormBackwardLane<kQuads>.
template <class Stream, class Narrow, int kQuads, class Group>
EMF_HOST_DEVICE void residual_norm_backward_piece(const ResidualNormBackward& call, int64_t sample, int64_t piece,
                                                  Group& group) {
  using Lane = ResidualNormBackwardLane<kQuads>;
  constexpr int kThreads = Group::kThreads;
  constexpr bool kEarly = kQuads <= 3;  // as many registers as a block of 512 threads has hold no more
  const int quads = call.width / kQuad;
  const float share = 1.0f / static_cast<float>(call.width);
  const int64_t length = tokens_a_piece(call.samples, call.tokens), pieces = pieces_of(call.samples, call.tokens);
  const int64_t begin = piece * length, end = begin + length < call.tokens ? begin + length : call.tokens;
  group.each([&](int, Lane& lane) {
    EMF_UNROLL
    for (int i = 0; i < kQuads; ++i) {
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) {
        lane.sums[kGateSum][i][j] = 0;
        lane.sums[kShiftSum][i][j] = 0;
        lane.sums[kScaleSum][i][j] = 0;
      }
    }
  });
  for (int64_t token = begin; token < end; ++token) {
    const int64_t row = sample * call.tokens + token, first = row * quads;
    const bool normed = call.normed_gradient != nullptr;
    const float mean = normed ? call.mean[row] : 0, rstd = normed ? call.rstd[row] : 0;
    const auto load_around = [&](Lane& lane, int i, int quad) {
      EMF_UNROLL
      for (int j = 0; j < kQuad; ++j) lane.arriving[i][j] = 0;
      if (call.sum_gradient != nullptr) {
        load_pack(static_cast<const Stream*>(call.sum_gradient), first + quad, lane.arriving[i]);
      }
      if (call.gate_gradient != nullptr) {
        load_pack(static_cast<const Narrow*>(call.branch), first + quad, lane.branch[i]);
      }
    };
    // All loads of the row come before its sums: a thread waits once.
    const auto load_row = [&](int thread, Lane& lane) {
      Two sums{0, 0};  // of the normalised row's gradient, and of its product with the row
      for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
        if (kEarly) load_around(lane, i, quad);
        if (!normed) return;
        float scale[kQuad];
        load_pack(static_cast<const Stream*>(call.sum), first + quad, lane.normalised[i]);
        load_pack(static_cast<const Narrow*>(call.normed_gradient), first + quad, lane.gradient[i]);
        load_vector<Narrow>(call.scale, sample, quad, 0, scale);
        EMF_UNROLL
        for (int j = 0; j < kQuad; ++j) {
          lane.normalised[i][j] = (lane.normalised[i][j] - mean) * rstd;
          lane.sums[kShiftSum][i][j] += lane.gradient[i][j];
          lane.sums[kScaleSum][i][j] += lane.gradient[i][j] * lane.normalised[i][j];
          lane.gradient[i][j] *= 1 + scale[j];
          sums.a += lane.gradient[i][j];
          sums.b += lane.gradient[i][j] * lane.normalised[i][j];
        }
      });
      return sums;
    };
    const Two means = group.sum(load_row);
    group.each([&](int thread, Lane& lane) {
      for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
        if (!kEarly) load_around(lane, i, quad);
        float(&g)[kQuad] = lane.arriving[i];
        if (normed) {
          EMF_UNROLL
          for (int j = 0; j < kQuad; ++j) {
            g[j] += rstd * (lane.gradient[i][j] - means.a * share - lane.normalised[i][j] * (means.b * share));
          }
        }
        if (call.gate_gradient != nullptr) add_product(g, lane.branch[i], lane.sums[kGateSum][i]);
        if (call.branch_gradient != nullptr) {
          float gated[kQuad];
          load_vector<Narrow>(call.gate, sample, quad, 1, gated);
          EMF_UNROLL
          for (int j = 0; j < kQuad; ++j) gated[j] *= g[j];
          store_pack(static_cast<Narrow*>(call.branch_gradient), first + quad, gated);
        }
        if (call.x_gradient != nullptr) store_pack(static_cast<Stream*>(call.x_gradient), first + quad, g);
      });
    });
  }
  group.each([&](int thread, Lane& lane) {
    for_quads<kQuads, kThreads>(thread, quads, [&](int i, int quad) {
      const auto keep = [&](int which, const void* wanted, float(&sum)[kQuad]) {
        if (wanted == nullptr) return;
        store_pack(call.partial_sums, partial_place(sample, piece, pieces, which, quad, quads), sum);
      };
      keep(kGateSum, call.gate_gradient, lane.sums[kGateSum][i]);
      keep(kShiftSum, call.shift_gradient, lane.sums[kShiftSum][i]);
      keep(kScaleSum, call.scale_gradient, lane.sums[kScaleSum][i]);
    });
  });
}

/// Adds the pieces' sums of one quad of one vector, first to last.   @param quad  0 .. samples * width / 4 - 1.
template <class Narrow>
EMF_HOST_DEVICE void residual_norm_add_pieces(const ResidualNormBackward& call, int which, int64_t quad) {
  void* const to = which == kGateSum    ? call.gate_gradient
                   : which == kShiftSum ? call.shift_gradient
                                        : call.scale_gradient;
  if (to == nullptr) return;
  const int quads = call.width / kQuad;
  const int64_t sample = quad / quads, pieces = pieces_of(call.samples, call.tokens);
  float total[kQuad] = {0, 0, 0, 0};
  for (int64_t piece = 0; piece < pieces; ++piece) {
    float part[kQuad];
    load_pack(call.partial_sums, partial_place(sample, piece, pieces, which, static_cast<int>(quad % quads), quads),
              part);
    EMF_UNROLL
    for (int j = 0; j < kQuad; ++j) total[j] += part[j];
  }
  store_pack(static_cast<Narrow*>(to), quad, total);
}

// As EMF_RESIDUAL_NORM_GROUPS, with few quads a thread: three sums beside each leave room for no more.
#define EMF_RESIDUAL_NORM_BACKWARD_GROUPS(X) \
  X(128, 32, 1) X(384, 96, 1) X(1152, 96, 3) X(2304, 192, 3) X(4608, 384, 3) X(8192, 512, 4)

}  // namespace emf::fused
