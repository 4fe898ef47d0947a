// SPDX-License-Identifier: Apache-2.0
// The product of matrices that everything here rests on: strips of twelve rows times panels of 32 columns, held in
// registers. For the files that are compiled for AVX-512 alone.
//
// A factor is read in units of 32 bits along the inner dimension: one fp32 number, or two neighbours of bf16, whose two
// products one instruction adds to a float. So both precisions are one code.
#pragma once

#include "harness/kernels/cpu/vectors.h"

namespace emf::fused {
namespace {

constexpr int64_t kStripRows = 12, kPanelColumns = 2 * kLanes;

/// A unit is one float.
struct Float32Units {
  using Element = Float32Lanes;
  static constexpr int64_t kNumbers = 1;
  static Lanes multiply_add(Lanes sum, __m512i a, __m512i b) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
  }
};

#ifdef __AVX512BF16__
/// A unit is two numbers of bf16.
struct Bfloat16Units {
  using Element = Bfloat16Lanes;
  static constexpr int64_t kNumbers = 2;
  static Lanes multiply_add(Lanes sum, __m512i a, __m512i b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};
#endif

/// The left factor: unit k of row i lies at units[i * row_stride + k * unit_stride].
struct LeftUnits {
  const int32_t* units;
  int64_t row_stride, unit_stride;

  LeftUnits from(int64_t row, int64_t unit) const {
    return {units + row * row_stride + unit * unit_stride, row_stride, unit_stride};
  }
};

/// to[kRows][32] = (add ? to : 0) + left right.   @param right  [units][32].
template <class Units, int kRows>
inline void multiply_strip(const LeftUnits& left, const int32_t* right, int64_t units, float* to, int64_t to_stride,
                           bool add) {
  Lanes sums[kRows][2];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    sums[i][0] = add ? _mm512_loadu_ps(to + i * to_stride) : _mm512_setzero_ps();
    sums[i][1] = add ? _mm512_loadu_ps(to + i * to_stride + kLanes) : _mm512_setzero_ps();
  }
  const int32_t* at = left.units;
  for (int64_t k = 0; k < units; ++k, at += left.unit_stride, right += kPanelColumns) {
    const __m512i right0 = _mm512_loadu_si512(right), right1 = _mm512_loadu_si512(right + kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const __m512i unit = _mm512_set1_epi32(at[i * left.row_stride]);
      sums[i][0] = Units::multiply_add(sums[i][0], unit, right0);
      sums[i][1] = Units::multiply_add(sums[i][1], unit, right1);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    _mm512_storeu_ps(to + i * to_stride, sums[i][0]);
    _mm512_storeu_ps(to + i * to_stride + kLanes, sums[i][1]);
  }
}

/// to[rows][32] = (add ? to : 0) + left right, any number of rows.
template <class Units>
inline void multiply_panel(LeftUnits left, int64_t rows, const int32_t* right, int64_t units, float* to,
                           int64_t to_stride, bool add) {
  for (; rows >= kStripRows; rows -= kStripRows) {
    multiply_strip<Units, kStripRows>(left, right, units, to, to_stride, add);
    left = left.from(kStripRows, 0);
    to += kStripRows * to_stride;
  }
#define EMF_STRIP(count) \
  case count:            \
    return multiply_strip<Units, count>(left, right, units, to, to_stride, add);
  switch (rows) {
    EMF_STRIP(1)
    EMF_STRIP(2)
    EMF_STRIP(3)
    EMF_STRIP(4)
    EMF_STRIP(5)
    EMF_STRIP(6)
    EMF_STRIP(7)
    EMF_STRIP(8)
    EMF_STRIP(9)
    EMF_STRIP(10)
    EMF_STRIP(11)
    default:
      return;
  }
#undef EMF_STRIP
}

/// to[rows][columns] = (add ? to : 0) + left right.
/// @param right  panels of 32 columns, each [units][32].   @param to  with room for whole panels.
template <class Units>
inline void multiply(const LeftUnits& left, int64_t rows, int64_t columns, const int32_t* right, int64_t units,
                     float* to, int64_t to_stride, bool add) {
  for (int64_t column = 0; column < columns; column += kPanelColumns) {
    multiply_panel<Units>(left, rows, right + column * units, units, to + column, to_stride, add);
  }
}

template <class Units>
constexpr int64_t units_of(int64_t numbers) {
  return (numbers + Units::kNumbers - 1) / Units::kNumbers;
}

constexpr int64_t whole_panels(int64_t columns) {
  return (columns + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
}

/// Sixteen units of a factor whose rows are its inner dimension: numbers (k, column .. column + 15), and for bf16
/// beside each that of row k + 1, which is zero beyond `inner`.
template <class Units, class Source, class Which>
inline __m512i units_across(const typename Source::Stored* from, int64_t stride, int64_t k, int64_t inner,
                            Which lanes) {
  const Lanes even = Source::load(from + k * stride, lanes);
  if constexpr (Units::kNumbers == 1) {
    return _mm512_castps_si512(even);
  } else {
    const Lanes odd = k + 1 < inner ? Source::load(from + (k + 1) * stride, lanes) : _mm512_setzero_ps();
    const __m512i low = _mm512_cvtepu16_epi32(Bfloat16Lanes::halves(even)),
                  high = _mm512_cvtepu16_epi32(Bfloat16Lanes::halves(odd));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
  }
}

/// Panels of a right factor [inner, columns] whose columns are dense. Columns behind the last are zero.
template <class Units, class Source>
inline void pack_across(const typename Source::Stored* from, int64_t stride, int64_t inner, int64_t columns,
                        int32_t* to) {
  const int64_t units = units_of<Units>(inner);
  for (int64_t column = 0; column < columns; column += kPanelColumns) {
    const int64_t left = columns - column;
    for (int64_t unit = 0; unit < units; ++unit, to += kPanelColumns) {
      const int64_t k = unit * Units::kNumbers;
      const auto across = [&](int64_t at, auto lanes) {
        _mm512_storeu_si512(to + at, units_across<Units, Source>(from + column + at, stride, k, inner, lanes));
      };
      if (left >= kPanelColumns) {
        across(0, Whole());
        across(kLanes, Whole());
        continue;
      }
      across(0, first_lanes(left));
      left > kLanes ? across(kLanes, first_lanes(left - kLanes))
                    : _mm512_storeu_si512(to + kLanes, _mm512_setzero_si512());
    }
  }
}

/// Sixteen units along a dense inner dimension, from number k on.
template <class Units, class Source>
inline __m512i units_along(const typename Source::Stored* from, int64_t k, int64_t inner) {
  const int64_t left = inner - k;
  if constexpr (Units::kNumbers == 1) {
    return _mm512_castps_si512(left >= kLanes ? Source::load(from + k) : Source::load(from + k, first_lanes(left)));
  } else {
    if (left >= 2 * kLanes) {
      return _mm512_inserti64x4(_mm512_castsi256_si512(Bfloat16Lanes::halves(Source::load(from + k))),
                                Bfloat16Lanes::halves(Source::load(from + k + kLanes)), 1);
    }
    const Lanes low = Source::load(from + k, first_lanes(left));
    const Lanes high =
        left > kLanes ? Source::load(from + k + kLanes, first_lanes(left - kLanes)) : _mm512_setzero_ps();
    return _mm512_inserti64x4(_mm512_castsi256_si512(Bfloat16Lanes::halves(low)), Bfloat16Lanes::halves(high), 1);
  }
}

/// Rows become columns.
inline void transpose(__m512i (&rows)[16]) {
  __m512i a[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 8) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      a[i + j] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0x88);
      a[i + j + 4] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0xdd);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) {
    rows[j] = _mm512_shuffle_i32x4(a[j], a[j + 8], 0x88);
    rows[j + 8] = _mm512_shuffle_i32x4(a[j], a[j + 8], 0xdd);
  }
}

/// Panels of a right factor whose inner dimension is dense: it lies as [columns, inner], as weights do.
template <class Units, class Source>
inline void pack_along(const typename Source::Stored* from, int64_t stride, int64_t inner, int64_t columns,
                       int32_t* to) {
  const int64_t units = units_of<Units>(inner);
  for (int64_t column = 0; column < whole_panels(columns); column += kLanes) {
    int32_t* const panel = to + column / kPanelColumns * kPanelColumns * units + column % kPanelColumns;
    for (int64_t unit = 0; unit < units; unit += 16) {
      __m512i rows[16];
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        rows[i] = column + i < columns
                      ? units_along<Units, Source>(from + (column + i) * stride, unit * Units::kNumbers, inner)
                      : _mm512_setzero_si512();
      }
      transpose(rows);
      const int64_t count = smaller(16, units - unit);
      for (int64_t i = 0; i < count; ++i) _mm512_storeu_si512(panel + (unit + i) * kPanelColumns, rows[i]);
    }
  }
}

}  // namespace
}  // namespace emf::fused
