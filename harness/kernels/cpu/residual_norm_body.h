// SPDX-License-Identifier: Apache-2.0
// harness/kernels/fused/residual_norm.h, for the files that are compiled for AVX-512 alone.
#pragma once

#include "harness/kernels/cpu/vectors.h"
#include "harness/kernels/fused/residual_norm.h"

namespace emf::fused {
namespace {

constexpr int64_t kMostWidth = 8192;

/// A sample's vector of the narrow type, or `otherwise` where there is none.
template <class Narrow>
struct VectorOf {
  const typename Narrow::Stored* at;
  float otherwise;

  VectorOf(const SampleVector& vector, int64_t sample, float without)
      : at(vector.values == nullptr
               ? nullptr
               : static_cast<const typename Narrow::Stored*>(vector.values) + sample * vector.stride),
        otherwise(without) {}
  Lanes operator()(int64_t i, auto lanes) const {
    return at == nullptr ? lanes_of(otherwise) : Narrow::load(at + i, lanes);
  }
};

template <class Type>
inline const typename Type::Stored* row_of(const void* rows, int64_t row, int64_t width) {
  return rows == nullptr ? nullptr : static_cast<const typename Type::Stored*>(rows) + row * width;
}
template <class Type>
inline typename Type::Stored* row_of(void* rows, int64_t row, int64_t width) {
  return rows == nullptr ? nullptr : static_cast<typename Type::Stored*>(rows) + row * width;
}

/// The sum of a row and of its tangent, into `value` and `tangent`, and written where there is a branch.
template <class Stream, class Narrow>
inline void sum_row(const ResidualNorm& call, int64_t row, bool moves, float* value, float* tangent, float& total,
                    float& tangent_total) {
  const int64_t width = call.width, sample = row / call.tokens;
  const auto* const x = row_of<Stream>(call.x, row, width);
  const auto* const x_moves = moves ? row_of<Stream>(call.x_tangent, row, width) : nullptr;
  const auto* const branch = row_of<Narrow>(call.branch, row, width);
  const auto* const branch_moves = moves ? row_of<Narrow>(call.branch_tangent, row, width) : nullptr;
  const VectorOf<Narrow> gate(call.gate, sample, 1), gate_moves(call.gate_tangent, sample, 0);
  auto* const sum = branch == nullptr ? nullptr : row_of<Stream>(call.sum, row, width);
  auto* const sum_moves = branch == nullptr || !moves ? nullptr : row_of<Stream>(call.sum_tangent, row, width);
  Lanes all = _mm512_setzero_ps(), all_moves = _mm512_setzero_ps();
  for_vectors(width, [&](int64_t i, auto lanes) {
    Lanes here = Stream::load(x + i, lanes);
    Lanes move = x_moves == nullptr ? _mm512_setzero_ps() : Stream::load(x_moves + i, lanes);
    if (branch != nullptr) {
      const Lanes added = Narrow::load(branch + i, lanes), factor = gate(i, lanes);
      here = Stream::rounded(_mm512_fmadd_ps(factor, added, here));
      Stream::store(sum + i, here, lanes);
      if (moves) {
        if (branch_moves != nullptr) move = _mm512_fmadd_ps(factor, Narrow::load(branch_moves + i, lanes), move);
        if (gate_moves.at != nullptr) move = _mm512_fmadd_ps(gate_moves(i, lanes), added, move);
        if (sum_moves != nullptr) {
          move = Stream::rounded(move);
          Stream::store(sum_moves + i, move, lanes);
        }
      }
    }
    Float32Lanes::store(value + i, here);
    all = _mm512_mask_add_ps(all, lanes, all, here);
    if (!moves) return;
    Float32Lanes::store(tangent + i, move);
    all_moves = _mm512_mask_add_ps(all_moves, lanes, all_moves, move);
  });
  total = _mm512_reduce_add_ps(all);
  tangent_total = _mm512_reduce_add_ps(all_moves);
}

template <class Stream, class Narrow>
inline void residual_norm_row(const ResidualNorm& call, int64_t row, float* value, float* tangent) {
  const int64_t width = call.width, sample = row / call.tokens;
  const bool moves = sample < call.moving_samples;
  const float share = 1.0f / static_cast<float>(width);
  float total = 0, tangent_total = 0;
  sum_row<Stream, Narrow>(call, row, moves, value, tangent, total, tangent_total);
  if (call.normed == nullptr) return;

  // From centred values, and not as a difference of two large sums. The tangent's product is with them, too.
  const Lanes mean = lanes_of(total * share), tangent_mean = lanes_of(tangent_total * share);
  Lanes squares = _mm512_setzero_ps(), products = _mm512_setzero_ps();
  for_vectors(width, [&](int64_t i, auto lanes) {
    const Lanes centred = _mm512_sub_ps(Float32Lanes::load(value + i), mean);
    Float32Lanes::store(value + i, centred);
    squares = _mm512_mask3_fmadd_ps(centred, centred, squares, lanes);
    if (!moves) return;
    const Lanes moved = _mm512_sub_ps(Float32Lanes::load(tangent + i), tangent_mean);
    Float32Lanes::store(tangent + i, moved);
    products = _mm512_mask3_fmadd_ps(moved, centred, products, lanes);
  });
  const float deviation = 1.0f / __builtin_sqrtf(_mm512_reduce_add_ps(squares) * share + call.epsilon);
  if (call.mean != nullptr) {
    call.mean[row] = total * share;
    call.rstd[row] = deviation;
  }
  const Lanes rstd = lanes_of(deviation), one = lanes_of(1);
  const Lanes along = lanes_of(_mm512_reduce_add_ps(products) * share * deviation);  // mean(y x')
  const VectorOf<Narrow> shift(call.shift, sample, 0), scale(call.scale, sample, 0),
      shift_moves(call.shift_tangent, sample, 0), scale_moves(call.scale_tangent, sample, 0);
  auto* const normed = row_of<Narrow>(call.normed, row, width);
  auto* const normed_moves = moves ? row_of<Narrow>(call.normed_tangent, row, width) : nullptr;
  for_vectors(width, [&](int64_t i, auto lanes) {
    const Lanes y = _mm512_mul_ps(Float32Lanes::load(value + i), rstd), factor = _mm512_add_ps(one, scale(i, lanes));
    Narrow::store(normed + i, _mm512_fmadd_ps(y, factor, shift(i, lanes)), lanes);
    if (!moves) return;
    const Lanes moved = _mm512_mul_ps(_mm512_fnmadd_ps(y, along, Float32Lanes::load(tangent + i)), rstd);
    Lanes out = _mm512_mul_ps(moved, factor);
    if (scale_moves.at != nullptr) out = _mm512_fmadd_ps(y, scale_moves(i, lanes), out);
    if (shift_moves.at != nullptr) out = _mm512_add_ps(out, shift_moves(i, lanes));
    Narrow::store(normed_moves + i, out, lanes);
  });
}

/// f(Stream(), Narrow()).
template <class F>
inline void with_stream_types(ElementType stream, ElementType narrow, const F& f) {
  if (narrow == ElementType::kFloat32) return f(Float32Lanes(), Float32Lanes());
  stream == ElementType::kFloat32 ? f(Float32Lanes(), Bfloat16Lanes()) : f(Bfloat16Lanes(), Bfloat16Lanes());
}

/// Rows [first, last) of samples x tokens.
void residual_norm_rows(const ResidualNorm& call, int64_t first, int64_t last) {
  with_stream_types(call.stream, call.narrow, [&](auto stream, auto narrow) {
    alignas(64) float value[kMostWidth], tangent[kMostWidth];
    for (int64_t row = first; row < last; ++row) {
      residual_norm_row<decltype(stream), decltype(narrow)>(call, row, value, tangent);
    }
  });
}

/// One token of the backward pass: its gradients are written, the vectors' sums go on.
template <class Stream, class Narrow>
inline void residual_norm_backward_row(const ResidualNormBackward& call, int64_t row, float* gradient, float* gate_sums,
                                       float* shift_sums, float* scale_sums) {
  const int64_t width = call.width, sample = row / call.tokens;
  const float share = 1.0f / static_cast<float>(width);
  const auto* const sum = row_of<Stream>(call.sum, row, width);
  const auto* const normed_gradient = row_of<Narrow>(call.normed_gradient, row, width);
  const auto* const sum_gradient = row_of<Stream>(call.sum_gradient, row, width);
  const VectorOf<Narrow> scale(call.scale, sample, 0), gate(call.gate, sample, 1);
  const bool normed = normed_gradient != nullptr;
  const Lanes mean = lanes_of(normed ? call.mean[row] : 0), rstd = lanes_of(normed ? call.rstd[row] : 0),
              one = lanes_of(1);
  Lanes all = _mm512_setzero_ps(), products = _mm512_setzero_ps();
  if (normed) {
    for_vectors(width, [&](int64_t i, auto lanes) {
      const Lanes y = _mm512_mul_ps(_mm512_sub_ps(Stream::load(sum + i, lanes), mean), rstd);
      Lanes g = Narrow::load(normed_gradient + i, lanes);
      if (shift_sums != nullptr) {
        Float32Lanes::store(shift_sums + i, _mm512_add_ps(Float32Lanes::load(shift_sums + i), g));
        Float32Lanes::store(scale_sums + i, _mm512_fmadd_ps(g, y, Float32Lanes::load(scale_sums + i)));
      }
      g = _mm512_mul_ps(g, _mm512_add_ps(one, scale(i, lanes)));
      Float32Lanes::store(gradient + i, g);
      all = _mm512_mask_add_ps(all, lanes, all, g);
      products = _mm512_mask3_fmadd_ps(g, y, products, lanes);
    });
  }
  const Lanes mean_gradient = lanes_of(_mm512_reduce_add_ps(all) * share),
              along = lanes_of(_mm512_reduce_add_ps(products) * share);
  const auto* const branch = call.gate_gradient == nullptr ? nullptr : row_of<Narrow>(call.branch, row, width);
  auto* const x_gradient = row_of<Stream>(call.x_gradient, row, width);
  auto* const branch_gradient = row_of<Narrow>(call.branch_gradient, row, width);
  for_vectors(width, [&](int64_t i, auto lanes) {
    Lanes g = sum_gradient == nullptr ? _mm512_setzero_ps() : Stream::load(sum_gradient + i, lanes);
    if (normed) {
      const Lanes y = _mm512_mul_ps(_mm512_sub_ps(Stream::load(sum + i, lanes), mean), rstd);
      const Lanes inner = _mm512_fnmadd_ps(y, along, _mm512_sub_ps(Float32Lanes::load(gradient + i), mean_gradient));
      g = _mm512_fmadd_ps(rstd, inner, g);
    }
    if (branch != nullptr) {
      Float32Lanes::store(gate_sums + i,
                          _mm512_fmadd_ps(g, Narrow::load(branch + i, lanes), Float32Lanes::load(gate_sums + i)));
    }
    if (branch_gradient != nullptr) Narrow::store(branch_gradient + i, _mm512_mul_ps(g, gate(i, lanes)), lanes);
    if (x_gradient != nullptr) Stream::store(x_gradient + i, g, lanes);
  });
}

/// Samples [first, last).
void residual_norm_backward_samples(const ResidualNormBackward& call, int64_t first, int64_t last) {
  with_stream_types(call.stream, call.narrow, [&](auto stream, auto narrow) {
    using Narrow = decltype(narrow);
    const int64_t width = call.width;
    const bool modulated = call.shift_gradient != nullptr || call.scale_gradient != nullptr;
    alignas(64) float gradient[kMostWidth], gate_sums[kMostWidth], shift_sums[kMostWidth], scale_sums[kMostWidth];
    for (int64_t sample = first; sample < last; ++sample) {
      for_vectors(width, [&](int64_t i, auto) {
        Float32Lanes::store(gate_sums + i, _mm512_setzero_ps());
        Float32Lanes::store(shift_sums + i, _mm512_setzero_ps());
        Float32Lanes::store(scale_sums + i, _mm512_setzero_ps());
      });
      for (int64_t token = 0; token < call.tokens; ++token) {
        residual_norm_backward_row<decltype(stream), Narrow>(call, sample * call.tokens + token, gradient, gate_sums,
                                                             modulated ? shift_sums : nullptr, scale_sums);
      }
      const auto write = [&](void* to, const float* sums) {
        if (to == nullptr) return;
        auto* const row = row_of<Narrow>(to, sample, width);
        for_vectors(width, [&](int64_t i, auto lanes) { Narrow::store(row + i, Float32Lanes::load(sums + i), lanes); });
      };
      write(call.gate_gradient, gate_sums);
      write(call.shift_gradient, shift_sums);
      write(call.scale_gradient, scale_sums);
    }
  });
}

}  // namespace
}  // namespace emf::fused
