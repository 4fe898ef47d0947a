// SPDX-License-Identifier: Apache-2.0
// Sixteen floats at once, and how they lie in memory as fp32 or bf16. For the files that are compiled for AVX-512
// alone: all names are the file's own, and nothing of the standard library's templates is used, for one definition
// must not serve two kinds of processor.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "harness/kernels/fused/element_type.h"

namespace emf::fused {
namespace {

using Lanes = __m512;
constexpr int64_t kLanes = 16;

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/// The first `count` of sixteen lanes.
inline __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xffff : (1u << count) - 1);
}

/// All sixteen, known when the code is compiled: a store under a mask costs several of a whole one, even where the
/// mask is full.
struct Whole {
  operator __mmask16() const { return 0xffff; }  // NOLINT(google-explicit-constructor)
};

inline Lanes lanes_of(float x) { return _mm512_set1_ps(x); }

/// Numbers as they are computed with.
struct Float32Lanes {
  using Stored = float;
  static Lanes load(const Stored* from) { return _mm512_loadu_ps(from); }
  static Lanes load(const Stored* from, Whole) { return load(from); }
  static Lanes load(const Stored* from, __mmask16 lanes) { return _mm512_maskz_loadu_ps(lanes, from); }
  static void store(Stored* to, Lanes x) { _mm512_storeu_ps(to, x); }
  static void store(Stored* to, Lanes x, Whole) { store(to, x); }
  static void store(Stored* to, Lanes x, __mmask16 lanes) { _mm512_mask_storeu_ps(to, lanes, x); }
  static Lanes rounded(Lanes x) { return x; }
};

/// The upper halves of floats, rounded to the nearest, ties to even.
struct Bfloat16Lanes {
  using Stored = Bfloat16;
  static Lanes widen(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static Lanes load(const Stored* from) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
  static Lanes load(const Stored* from, Whole) { return load(from); }
  static Lanes load(const Stored* from, __mmask16 lanes) { return widen(_mm256_maskz_loadu_epi16(lanes, from)); }
  static __m256i halves(Lanes x) {
#ifdef __AVX512BF16__
    return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x));
#else
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 is_number = _mm512_cmp_ps_mask(x, x, _CMP_EQ_OQ);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_blend_epi32(is_number, bits, sum), 16));
#endif
  }
  static void store(Stored* to, Lanes x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves(x)); }
  static void store(Stored* to, Lanes x, Whole) { store(to, x); }
  static void store(Stored* to, Lanes x, __mmask16 lanes) { _mm256_mask_storeu_epi16(to, lanes, halves(x)); }
  static Lanes rounded(Lanes x) { return widen(halves(x)); }
};

/// e^x, off by 1.3 units in the last place at most (over one in forty of the floats); 0 from -104 on, infinite from
/// 89 on.
inline Lanes exponential(Lanes x) {
  // Both take the second where one is no number: what is none stays so, and a training that diverges is seen.
  x = _mm512_min_ps(lanes_of(89), _mm512_max_ps(lanes_of(-104), x));
  const Lanes whole = _mm512_roundscale_ps(_mm512_mul_ps(x, lanes_of(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  // ln 2 in two pieces, the first of which times a whole number is exact.
  Lanes rest = _mm512_fnmadd_ps(whole, lanes_of(0.693145752f), x);
  rest = _mm512_fnmadd_ps(whole, lanes_of(1.42860677e-6f), rest);
  Lanes y = lanes_of(1.98756915e-4f);
  y = _mm512_fmadd_ps(y, rest, lanes_of(1.39819995e-3f));
  y = _mm512_fmadd_ps(y, rest, lanes_of(8.33345205e-3f));
  y = _mm512_fmadd_ps(y, rest, lanes_of(4.16657962e-2f));
  y = _mm512_fmadd_ps(y, rest, lanes_of(1.66666657e-1f));
  y = _mm512_fmadd_ps(y, rest, lanes_of(5.00000012e-1f));
  y = _mm512_fmadd_ps(_mm512_mul_ps(rest, rest), y, _mm512_add_ps(rest, lanes_of(1)));
  return _mm512_scalef_ps(y, whole);
}

/// 1 / (1 + e^-x).
inline Lanes sigmoid(Lanes x) {
  const Lanes one = lanes_of(1);
  return _mm512_div_ps(one, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

/// f(offset, lanes) for the vectors of a row, the last of which may be shorter: lanes are Whole, or a mask.
template <class F>
inline void for_vectors(int64_t count, const F& f) {
  int64_t at = 0;
  for (; at + kLanes <= count; at += kLanes) f(at, Whole());
  if (at < count) f(at, first_lanes(count - at));
}

}  // namespace
}  // namespace emf::fused
