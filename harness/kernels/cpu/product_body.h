// SPDX-License-Identifier: Apache-2.0
// harness/kernels/cpu/product.h, for the files that are compiled for AVX-512 alone.
#pragma once

#include "harness/kernels/cpu/product.h"
#include "harness/kernels/cpu/product_tile.h"
#include "harness/kernels/cpu/scratch.h"

namespace emf::fused {
namespace {

// Rows that are worked on while a panel is near: with 512 units each they fill a fifth of a core's own cache.
constexpr int64_t kBlockRows = 96, kChunkUnits = 512;

template <class Units>
void pack(const Packing& call) {
  using Own = typename Units::Element;
  const auto run = [&](auto source) {
    using Source = decltype(source);
    const auto* const from = static_cast<const typename Source::Stored*>(call.from);
    call.is_inner_dense ? pack_along<Units, Source>(from, call.stride, call.inner, call.columns, call.to)
                        : pack_across<Units, Source>(from, call.stride, call.inner, call.columns, call.to);
  };
  call.source == ElementType::kFloat32 ? run(Float32Lanes()) : run(Own());
}

/// Writes a panel's rows: sums + bias, in the type that is asked for.
template <class Out>
inline void finish_panel(const float* sums, int64_t rows, int64_t columns, const float* bias, typename Out::Stored* to,
                         int64_t stride) {
  for_vectors(smaller(columns, kPanelColumns), [&](int64_t at, auto lanes) {
    const Lanes added = bias == nullptr ? _mm512_setzero_ps() : Float32Lanes::load(bias + at, lanes);
    for (int64_t row = 0; row < rows; ++row) {
      Out::store(to + row * stride + at, _mm512_add_ps(Float32Lanes::load(sums + row * kPanelColumns + at), added),
                 lanes);
    }
  });
}

/// Rows [first, last).
template <class Units>
void product_rows(const Product& call, int64_t first, int64_t last) {
  using Stored = typename Units::Element::Stored;
  const int64_t units = units_of<Units>(call.inner);
  alignas(64) float sums[kBlockRows * kPanelColumns];
  for (int64_t row = first; row < last; row += kBlockRows) {
    const int64_t rows = smaller(kBlockRows, last - row);
    const LeftUnits left{
        reinterpret_cast<const int32_t*>(static_cast<const Stored*>(call.left) + row * call.left_stride),
        call.left_stride / Units::kNumbers, 1};
    for (int64_t column = 0; column < call.columns; column += kPanelColumns) {
      for (int64_t unit = 0; unit < units; unit += kChunkUnits) {
        multiply_panel<Units>(left.from(0, unit), rows, call.right + column * units + unit * kPanelColumns,
                              smaller(kChunkUnits, units - unit), sums, kPanelColumns, unit > 0);
      }
      const float* const bias = call.bias == nullptr ? nullptr : call.bias + column;
      const int64_t place = row * call.out_stride + column;
      if (call.out_type == ElementType::kFloat32) {
        finish_panel<Float32Lanes>(sums, rows, call.columns - column, bias, static_cast<float*>(call.out) + place,
                                   call.out_stride);
      } else {
        finish_panel<Bfloat16Lanes>(sums, rows, call.columns - column, bias, static_cast<Bfloat16*>(call.out) + place,
                                    call.out_stride);
      }
    }
  }
}

constexpr int64_t kBlockOutputs = 48;

inline void store_words(int32_t* to, __m512i words, Whole) { _mm512_storeu_si512(to, words); }
inline void store_words(int32_t* to, __m512i words, __mmask16 lanes) { _mm512_mask_storeu_epi32(to, lanes, words); }

/// Units of kBlockOutputs columns of dY, the rows its inner dimension: [units][kBlockOutputs]. Adds the columns' sums.
template <class Units>
inline void gather_outputs(const WeightGradient& call, int64_t first, int64_t outputs, int64_t unit, int64_t units,
                           int32_t* to, float* sums) {
  using Element = typename Units::Element;
  const auto* const from = static_cast<const typename Element::Stored*>(call.y_gradient) + first;
  for_vectors(outputs, [&](int64_t at, auto lanes) {
    Lanes sum = _mm512_setzero_ps();  // of this chunk: thousands of rows would round each other away
    for (int64_t i = 0; i < units; ++i) {
      const int64_t row = (unit + i) * Units::kNumbers;
      const __m512i words = units_across<Units, Element>(from + at, call.y_stride, row, call.rows, lanes);
      store_words(to + i * kBlockOutputs + at, words, lanes);
      if constexpr (Units::kNumbers == 1) {
        sum = _mm512_add_ps(sum, _mm512_castsi512_ps(words));
      } else {
        sum = _mm512_add_ps(sum, _mm512_castsi512_ps(_mm512_slli_epi32(words, 16)));
        sum = _mm512_add_ps(sum, _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32(-65536))));
      }
    }
    Float32Lanes::store(sums + at, _mm512_add_ps(Float32Lanes::load(sums + at, lanes), sum), lanes);
  });
}

/// Outputs [first, last), a multiple of kBlockOutputs apart but for the last.
template <class Units>
void weight_gradient_rows(const WeightGradient& call, int64_t first, int64_t last) {
  const int64_t units = units_of<Units>(call.rows), room = whole_panels(call.inputs);
  auto* const left = static_cast<int32_t*>(scratch(0, kChunkUnits * kBlockOutputs * 4));
  auto* const sums = static_cast<float*>(scratch(1, kBlockOutputs * room * 4));
  for (int64_t output = first; output < last; output += kBlockOutputs) {
    const int64_t outputs = smaller(kBlockOutputs, last - output);
    float bias[kBlockOutputs] = {};
    for (int64_t unit = 0; unit < units; unit += kChunkUnits) {
      const int64_t count = smaller(kChunkUnits, units - unit);
      gather_outputs<Units>(call, output, outputs, unit, count, left, bias);
      for (int64_t column = 0; column < call.inputs; column += kPanelColumns) {
        multiply_panel<Units>({left, 1, kBlockOutputs}, outputs, call.x + column * units + unit * kPanelColumns, count,
                              sums + column, room, unit > 0);
      }
    }
    for (int64_t i = 0; i < outputs; ++i) {
      for_vectors(call.inputs, [&](int64_t at, auto lanes) {
        Float32Lanes::store(call.weight_gradient + (output + i) * call.inputs + at,
                            Float32Lanes::load(sums + i * room + at, lanes), lanes);
      });
      if (call.bias_gradient != nullptr) call.bias_gradient[output + i] = bias[i];
    }
  }
}

}  // namespace
}  // namespace emf::fused
