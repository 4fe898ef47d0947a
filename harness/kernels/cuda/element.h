// SPDX-License-Identifier: Apache-2.0
// How numbers lie in memory: fp32 or bf16, read and written in groups, computed with in fp32.
#pragma once

#include <cstdint>
#include <cstring>

#include "harness/kernels/fused/element_type.h"
#include "harness/kernels/fused/host_device.h"

#ifdef __CUDACC__
#include <cuda_bf16.h>
#endif

namespace emf::fused {

EMF_HOST_DEVICE float to_float(float x) { return x; }

EMF_HOST_DEVICE float to_float(Bfloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
#endif
}

template <class Element>
EMF_HOST_DEVICE Element from_float(float x);

template <>
EMF_HOST_DEVICE float from_float<float>(float x) {
  return x;
}

template <>
EMF_HOST_DEVICE Bfloat16 from_float<Bfloat16>(float x) {
#ifdef __CUDA_ARCH__
  return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
#else
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return {0x7fc0};
  // Half of the last place kept, less one where that place is even.
  return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
#endif
}

/// kCount neighbours that are read and written at once; their place in memory is a multiple of their size.
template <class Element, int kCount>
struct alignas(sizeof(Element) * kCount) Pack {
  Element values[kCount];
};

/// What no thread of the launch writes: reads may pass writes, so that a row's loads do not wait for one another's
/// stores.
template <class Whole>
EMF_HOST_DEVICE Whole load_constant(const Whole* from) {
#ifdef __CUDA_ARCH__
  static_assert(sizeof(Whole) == 8 || sizeof(Whole) == 16);
  Whole whole;
  if constexpr (sizeof(Whole) == 16) {
    const uint4 words = __ldg(reinterpret_cast<const uint4*>(from));
    memcpy(&whole, &words, sizeof whole);
  } else {
    const uint2 words = __ldg(reinterpret_cast<const uint2*>(from));
    memcpy(&whole, &words, sizeof whole);
  }
  return whole;
#else
  return *from;
#endif
}

/// Group `index` of kCount of an input that is only read, as floats.
template <int kCount, class Element>
EMF_HOST_DEVICE void load_pack(const Element* from, int64_t index, float (&to)[kCount]) {
  const Pack<Element, kCount> pack = load_constant(reinterpret_cast<const Pack<Element, kCount>*>(from) + index);
  EMF_UNROLL
  for (int i = 0; i < kCount; ++i) to[i] = to_float(pack.values[i]);
}

/// Group `index` of kCount of numbers that the launch itself changes.
template <int kCount, class Element>
EMF_HOST_DEVICE void load_changing(const Element* from, int64_t index, float (&to)[kCount]) {
  const Pack<Element, kCount> pack = reinterpret_cast<const Pack<Element, kCount>*>(from)[index];
  EMF_UNROLL
  for (int i = 0; i < kCount; ++i) to[i] = to_float(pack.values[i]);
}

/// Writes group `index`; `from` becomes what was written, that is rounded to Element.
template <int kCount, class Element>
EMF_HOST_DEVICE void store_pack(Element* to, int64_t index, float (&from)[kCount]) {
  Pack<Element, kCount> pack;
  EMF_UNROLL
  for (int i = 0; i < kCount; ++i) {
    pack.values[i] = from_float<Element>(from[i]);
    from[i] = to_float(pack.values[i]);
  }
  reinterpret_cast<Pack<Element, kCount>*>(to)[index] = pack;
}

}  // namespace emf::fused
