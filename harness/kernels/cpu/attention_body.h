// SPDX-License-Identifier: Apache-2.0
// harness/kernels/fused/attention.h, for the files that are compiled for AVX-512 alone: one head of one sample at a
// time.
//
// Scores of a block of queries lie in a thread's own memory, whole rows of them; nothing of [batch, heads, queries,
// keys] is kept, and the gradient makes them again.
#pragma once

#include "harness/kernels/cpu/activation_body.h"
#include "harness/kernels/cpu/product_tile.h"
#include "harness/kernels/cpu/scratch.h"
#include "harness/kernels/fused/attention.h"

namespace emf::fused {
namespace {

/// What the scratch is for.
enum AttentionScratch {
  kKeysAlong,
  kValuesAcross,
  kMovingKeys,
  kMovingValues,
  kScores,
  kMovedScores,
  kWeights,
  kMovedWeights,
  kOutputSums,
  kKeyGradients,
  kValueGradients,
  kQueriesAcross,
  kArrivingAcross
};

/// Queries that are worked on at once: their scores stay in a core's own cache where that is possible.
inline int64_t block_of(int64_t keys) { return keys <= 256 ? 96 : keys <= 1024 ? 48 : 24; }

/// A head's rows in memory.
template <class Units>
struct Rows {
  using Stored = typename Units::Element::Stored;
  const Stored* at;  ///< null = absent
  int64_t stride;

  Rows(const HeadRows& rows, int64_t sample, int64_t head)
      : at(rows.data == nullptr
               ? nullptr
               : static_cast<const Stored*>(rows.data) + sample * rows.batch_stride + head * rows.head_stride),
        stride(rows.row_stride) {}
  LeftUnits left(int64_t row) const {
    return {reinterpret_cast<const int32_t*>(at + row * stride), stride / Units::kNumbers, 1};
  }
  Stored* mutable_row(int64_t row) const { return const_cast<Stored*>(at) + row * stride; }
};

/// Packs into a slot: `rows` as the columns of a right factor whose inner dimension is the head's size.
template <class Units>
const int32_t* pack_head_along(int slot, const Rows<Units>& rows, int64_t count, int64_t size) {
  auto* const to = static_cast<int32_t*>(scratch(slot, units_of<Units>(size) * whole_panels(count) * 4));
  pack_along<Units, typename Units::Element>(rows.at, rows.stride, size, count, to);
  return to;
}

/// Packs into a slot: `rows` as the inner dimension of a right factor.
template <class Units>
const int32_t* pack_head_across(int slot, const Rows<Units>& rows, int64_t count, int64_t size) {
  auto* const to = static_cast<int32_t*>(scratch(slot, units_of<Units>(count) * whole_panels(size) * 4));
  pack_across<Units, typename Units::Element>(rows.at, rows.stride, count, size, to);
  return to;
}

/// Which of sixteen keys from `key` on may be attended.
inline __mmask16 open_keys(const bool* mask, int64_t key, __mmask16 lanes) {
  if (mask == nullptr) return lanes;
  const __m128i bytes = _mm_maskz_loadu_epi8(lanes, mask + key);
  return _mm_test_epi8_mask(bytes, bytes);
}

/// Numbers of a row of left units, zero up to a whole unit.
template <class Units>
inline int64_t left_room(int64_t numbers) {
  return units_of<Units>(numbers) * Units::kNumbers + kLanes;
}

/// What is left of a row of scores when its weights are made.
struct RowSums {
  float maximum, sum, centre;
};

/// Scores become e^(scale (score - maximum)), and their tangents weight (scale moved - centre).
/// @param moved  null where nothing moves.
template <class Element>
inline RowSums weights_of_row(const float* scores, const float* moved, const bool* mask, int64_t keys, float scale,
                              typename Element::Stored* weights, typename Element::Stored* moved_weights) {
  Lanes most = lanes_of(-__builtin_inff());
  for_vectors(keys, [&](int64_t key, auto lanes) {
    most = _mm512_mask_max_ps(most, open_keys(mask, key, lanes), most, Float32Lanes::load(scores + key));
  });
  RowSums row{_mm512_reduce_max_ps(most), 0, 0};
  const Lanes maximum = lanes_of(row.maximum), factor = lanes_of(scale);
  Lanes all = _mm512_setzero_ps(), products = _mm512_setzero_ps();
  const auto weight_at = [&](int64_t key, auto lanes) {
    const Lanes apart = _mm512_mul_ps(_mm512_sub_ps(Float32Lanes::load(scores + key), maximum), factor);
    return _mm512_maskz_mov_ps(open_keys(mask, key, lanes), exponential(apart));
  };
  for_vectors(keys, [&](int64_t key, auto lanes) {
    const Lanes weight = weight_at(key, lanes);
    all = _mm512_add_ps(all, weight);
    // Lanes behind the last key hold zero as well: they fill the last unit.
    Element::store(weights + key, weight);
    if (moved == nullptr) return;
    const Lanes change = _mm512_maskz_mul_ps(lanes, Float32Lanes::load(moved + key), factor);
    products = _mm512_fmadd_ps(weight, change, products);
  });
  row.sum = _mm512_reduce_add_ps(all);
  if (moved == nullptr) return row;
  row.centre = _mm512_reduce_add_ps(products) / row.sum;
  const Lanes centre = lanes_of(row.centre);
  for_vectors(keys, [&](int64_t key, auto lanes) {
    const Lanes change = _mm512_fmsub_ps(Float32Lanes::load(moved + key), factor, centre);
    Element::store(moved_weights + key, _mm512_maskz_mul_ps(lanes, weight_at(key, lanes), change));
  });
  return row;
}

/// One head of one sample.
template <class Units>
void attend_head(const DualAttention& call, int64_t sample, int64_t head) {
  using Element = typename Units::Element;
  using Stored = typename Element::Stored;
  const int64_t keys = call.keys, size = call.head_size, block = block_of(keys);
  const bool moves = call.output_tangent != nullptr && sample < call.tangent_batch, all = moves && call.k_tangent.data;
  const Rows<Units> q(call.q, sample, head), k(call.k, sample, head), v(call.v, sample, head),
      q_moves(call.q_tangent, sample, head), k_moves(call.k_tangent, sample, head),
      v_moves(call.v_tangent, sample, head);
  const int32_t* const keys_along = pack_head_along(kKeysAlong, k, keys, size);
  const int32_t* const values = pack_head_across(kValuesAcross, v, keys, size);
  const int32_t* const moving_keys = all ? pack_head_along(kMovingKeys, k_moves, keys, size) : nullptr;
  const int32_t* const moving_values = all ? pack_head_across(kMovingValues, v_moves, keys, size) : nullptr;
  const int64_t score_room = whole_panels(keys), weight_room = left_room<Units>(keys), out_room = whole_panels(size);
  auto* const scores = static_cast<float*>(scratch(kScores, block * score_room * 4));
  auto* const moved = static_cast<float*>(scratch(kMovedScores, block * score_room * 4));
  auto* const weights = static_cast<Stored*>(scratch(kWeights, block * weight_room * 4));
  auto* const moved_weights = static_cast<Stored*>(scratch(kMovedWeights, block * weight_room * 4));
  auto* const sums = static_cast<float*>(scratch(kOutputSums, block * out_room * 4));
  const bool* const mask = call.mask == nullptr ? nullptr : call.mask + sample * keys;
  const int64_t head_units = units_of<Units>(size), key_units = units_of<Units>(keys);
  const auto left_of = [&](const Stored* rows) {
    return LeftUnits{reinterpret_cast<const int32_t*>(rows), weight_room / Units::kNumbers, 1};
  };

  for (int64_t first = 0; first < call.queries; first += block) {
    const int64_t rows = smaller(block, call.queries - first);
    multiply<Units>(q.left(first), rows, keys, keys_along, head_units, scores, score_room, false);
    if (moves) {
      multiply<Units>(q_moves.left(first), rows, keys, keys_along, head_units, moved, score_room, false);
      if (all) multiply<Units>(q.left(first), rows, keys, moving_keys, head_units, moved, score_room, true);
    }
    float inverse[96];
    for (int64_t i = 0; i < rows; ++i) {
      const RowSums row =
          weights_of_row<Element>(scores + i * score_room, moves ? moved + i * score_room : nullptr, mask, keys,
                                  call.scale, weights + i * weight_room, moved_weights + i * weight_room);
      inverse[i] = 1 / row.sum;
      if (call.log_sum_exp != nullptr) {
        call.log_sum_exp[(sample * call.heads + head) * call.queries + first + i] =
            row.maximum * call.scale + __builtin_logf(row.sum);
      }
    }
    const auto write = [&](void* output) {
      for (int64_t i = 0; i < rows; ++i) {
        Stored* const to =
            static_cast<Stored*>(output) + ((sample * call.queries + first + i) * call.heads + head) * size;
        const Lanes share = lanes_of(inverse[i]);
        for_vectors(size, [&](int64_t at, auto lanes) {
          Element::store(to + at, _mm512_mul_ps(Float32Lanes::load(sums + i * out_room + at), share), lanes);
        });
      }
    };
    multiply<Units>(left_of(weights), rows, size, values, key_units, sums, out_room, false);
    write(call.output);
    if (!moves) continue;
    multiply<Units>(left_of(moved_weights), rows, size, values, key_units, sums, out_room, false);
    if (all) multiply<Units>(left_of(weights), rows, size, moving_values, key_units, sums, out_room, true);
    write(call.output_tangent);
  }
}

/// Units of a block of rows of floats, the rows as inner dimension: the transposed left factor of a product.
/// @return  words; unit k of column i at [k * room + i].
template <class Units>
inline LeftUnits transposed_left(int slot, const float* rows, int64_t count, int64_t columns, int64_t room) {
  if constexpr (Units::kNumbers == 1) {
    return {reinterpret_cast<const int32_t*>(rows), 1, room};
  } else {
    auto* const to = static_cast<int32_t*>(scratch(slot, units_of<Units>(count) * room * 4));
    for (int64_t unit = 0; unit < units_of<Units>(count); ++unit) {
      for_vectors(columns, [&](int64_t at, auto lanes) {
        _mm512_storeu_si512(to + unit * room + at,
                            units_across<Units, Float32Lanes>(rows + at, room, unit * Units::kNumbers, count, lanes));
      });
    }
    return {to, 1, room};
  }
}

/// Weights from scores, and their scores' gradients from the weights' gradients, row by row in their places.
/// @param gradients  dO V^T; become weight (dO V^T - rowsum(dO O)).   @param stored  get the same as elements.
template <class Element>
inline void differentiate_row(float* scores, float* gradients, const bool* mask, int64_t keys, float scale,
                              float log_sum_exp, float output_sum, typename Element::Stored* stored) {
  const Lanes factor = lanes_of(scale), base = lanes_of(log_sum_exp), sum = lanes_of(output_sum);
  for_vectors(keys, [&](int64_t key, auto lanes) {
    const Lanes power = _mm512_fmsub_ps(Float32Lanes::load(scores + key), factor, base);
    const Lanes weight = _mm512_maskz_mov_ps(open_keys(mask, key, lanes), exponential(power));
    const Lanes gradient = _mm512_maskz_mul_ps(lanes, weight, _mm512_sub_ps(Float32Lanes::load(gradients + key), sum));
    Float32Lanes::store(scores + key, weight);
    Float32Lanes::store(gradients + key, gradient);
    Element::store(stored + key, gradient);
  });
}

/// All gradients of one head of one sample.
template <class Units>
void differentiate_head(const AttentionGradient& call, int64_t sample, int64_t head) {
  using Element = typename Units::Element;
  using Stored = typename Element::Stored;
  const int64_t keys = call.keys, size = call.head_size, block = block_of(keys);
  const Rows<Units> q(call.q, sample, head), k(call.k, sample, head), v(call.v, sample, head),
      output(call.output, sample, head), arriving(call.output_gradient, sample, head),
      q_gradient(call.q_gradient, sample, head), k_gradient(call.k_gradient, sample, head),
      v_gradient(call.v_gradient, sample, head);
  const int32_t* const keys_along = pack_head_along(kKeysAlong, k, keys, size);
  const int32_t* const values_along = pack_head_along(kValuesAcross, v, keys, size);
  const int32_t* const keys_across = pack_head_across(kMovingKeys, k, keys, size);
  const int64_t room = whole_panels(keys), weight_room = left_room<Units>(keys), out_room = whole_panels(size);
  auto* const scores = static_cast<float*>(scratch(kScores, block * room * 4));
  auto* const gradients = static_cast<float*>(scratch(kMovedScores, block * room * 4));
  auto* const stored = static_cast<Stored*>(scratch(kWeights, block * weight_room * 4));
  auto* const sums = static_cast<float*>(scratch(kOutputSums, block * out_room * 4));
  auto* const key_sums = static_cast<float*>(scratch(kKeyGradients, keys * out_room * 4));
  auto* const value_sums = static_cast<float*>(scratch(kValueGradients, keys * out_room * 4));
  const bool* const mask = call.mask == nullptr ? nullptr : call.mask + sample * keys;
  const int64_t head_units = units_of<Units>(size), key_units = units_of<Units>(keys);

  for (int64_t first = 0; first < call.queries; first += block) {
    const int64_t rows = smaller(block, call.queries - first), row_units = units_of<Units>(rows);
    multiply<Units>(q.left(first), rows, keys, keys_along, head_units, scores, room, false);
    multiply<Units>(arriving.left(first), rows, keys, values_along, head_units, gradients, room, false);
    for (int64_t i = 0; i < rows; ++i) {
      Lanes products = _mm512_setzero_ps();
      for_vectors(size, [&](int64_t at, auto lanes) {
        products = _mm512_fmadd_ps(Element::load(output.at + (first + i) * output.stride + at, lanes),
                                   Element::load(arriving.at + (first + i) * arriving.stride + at, lanes), products);
      });
      differentiate_row<Element>(scores + i * room, gradients + i * room, mask, keys, call.scale,
                                 call.log_sum_exp[(sample * call.heads + head) * call.queries + first + i],
                                 _mm512_reduce_add_ps(products), stored + i * weight_room);
    }
    const LeftUnits score_gradients{reinterpret_cast<const int32_t*>(stored), weight_room / Units::kNumbers, 1};
    multiply<Units>(score_gradients, rows, size, keys_across, key_units, sums, out_room, false);
    const Lanes scale = lanes_of(call.scale);
    for (int64_t i = 0; i < rows; ++i) {
      for_vectors(size, [&](int64_t at, auto lanes) {
        Element::store(q_gradient.mutable_row(first + i) + at,
                       _mm512_mul_ps(Float32Lanes::load(sums + i * out_room + at), scale), lanes);
      });
    }
    const auto from = [&](const Rows<Units>& of) {
      Rows<Units> here = of;
      here.at += first * of.stride;
      return here;
    };
    const int32_t* const queries_across = pack_head_across(kQueriesAcross, from(q), rows, size);
    multiply<Units>(transposed_left<Units>(kMovedWeights, gradients, rows, keys, room), keys, size, queries_across,
                    row_units, key_sums, out_room, first > 0);
    const int32_t* const arriving_across = pack_head_across(kArrivingAcross, from(arriving), rows, size);
    multiply<Units>(transposed_left<Units>(kMovedWeights, scores, rows, keys, room), keys, size, arriving_across,
                    row_units, value_sums, out_room, first > 0);
  }
  for (int64_t key = 0; key < keys; ++key) {
    for_vectors(size, [&](int64_t at, auto lanes) {
      Element::store(k_gradient.mutable_row(key) + at,
                     _mm512_mul_ps(Float32Lanes::load(key_sums + key * out_room + at), lanes_of(call.scale)), lanes);
      Element::store(v_gradient.mutable_row(key) + at, Float32Lanes::load(value_sums + key * out_room + at), lanes);
    });
  }
}

}  // namespace
}  // namespace emf::fused
