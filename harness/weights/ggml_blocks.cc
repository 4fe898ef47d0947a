// SPDX-License-Identifier: Apache-2.0
// Dequantisation of ggml's block formats, and the table of those known.
#include "harness/weights/ggml_blocks.h"

#include <c10/util/Half.h>

#include <array>
#include <bit>
#include <cstring>

namespace emf {
namespace {

// Blocks stand at any byte offset, so fields are copied out rather than cast. Formulas as ggml-quants.c has them.
//
// Results are bit-equal to ggml's with and without fused multiply-add: the half-precision scale (11 bits) times a
// sub-block's scale (at most 8) times a weight (at most 5, or the power of two -32) fits float32's 24 bits, so every
// product is exact and only the last addition rounds.

float half_at(const std::byte* in) {
  uint16_t bits;
  std::memcpy(&bits, in, sizeof bits);
  return c10::detail::fp16_ieee_to_fp32_value(bits);
}

uint32_t word_at(const std::byte* in) {
  uint32_t word;
  std::memcpy(&word, in, sizeof word);
  return word;
}

/// A nibble's weight: scale, and least or offset, are applied by the caller.
int low(std::byte pair) { return static_cast<int>(pair & std::byte{15}); }
int high(std::byte pair) { return static_cast<int>(pair >> 4); }

void copy_f32(const std::byte* in, int64_t blocks, float* out) {
  std::memcpy(out, in, static_cast<size_t>(blocks) * sizeof(float));
}

void widen_f16(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t i = 0; i < blocks; ++i) out[i] = half_at(in + 2 * i);
}

void widen_bf16(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t i = 0; i < blocks; ++i) {
    uint16_t bits;
    std::memcpy(&bits, in + 2 * i, sizeof bits);
    out[i] = std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
}

// In the formats of 32 the low nibbles are weights 0-15, the high ones 16-31.

// f16 d, 16 bytes: w = d (q - 8).
void dequantise_q4_0(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 18, out += 32) {
    const float scale = half_at(in);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(low(in[2 + i]) - 8) * scale;
      out[i + 16] = static_cast<float>(high(in[2 + i]) - 8) * scale;
    }
  }
}

// f16 d, f16 m, 16 bytes: w = d q + m.
void dequantise_q4_1(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 20, out += 32) {
    const float scale = half_at(in), least = half_at(in + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(low(in[4 + i])) * scale + least;
      out[i + 16] = static_cast<float>(high(in[4 + i])) * scale + least;
    }
  }
}

// f16 d, u32 with the fifth bit of each weight, 16 bytes: w = d (q - 16).
void dequantise_q5_0(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 22, out += 32) {
    const float scale = half_at(in);
    const uint32_t fifth = word_at(in + 2);
    for (int i = 0; i < 16; ++i) {
      const int fifth_low = static_cast<int>(fifth >> i & 1) << 4;
      const int fifth_high = static_cast<int>(fifth >> (i + 16) & 1) << 4;
      out[i] = static_cast<float>((low(in[6 + i]) | fifth_low) - 16) * scale;
      out[i + 16] = static_cast<float>((high(in[6 + i]) | fifth_high) - 16) * scale;
    }
  }
}

// f16 d, f16 m, u32 with the fifth bit of each weight, 16 bytes: w = d q + m.
void dequantise_q5_1(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 24, out += 32) {
    const float scale = half_at(in), least = half_at(in + 2);
    const uint32_t fifth = word_at(in + 4);
    for (int i = 0; i < 16; ++i) {
      const int fifth_low = static_cast<int>(fifth >> i & 1) << 4;
      const int fifth_high = static_cast<int>(fifth >> (i + 16) & 1) << 4;
      out[i] = static_cast<float>(low(in[8 + i]) | fifth_low) * scale + least;
      out[i + 16] = static_cast<float>(high(in[8 + i]) | fifth_high) * scale + least;
    }
  }
}

// f16 d, 32 signed bytes: w = d q.
void dequantise_q8_0(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 34, out += 32) {
    const float scale = half_at(in);
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(static_cast<int8_t>(in[2 + i])) * scale;
  }
}

// The K formats pack 256 weights in sub-blocks of 32 or 16 with small integer scales of their own.

/// Scale and least value of a sub-block of 32.
struct Affine {
  float scale, least;
};

/// f16 d, f16 dmin, then eight 6-bit scales and eight 6-bit minima in 12 bytes: the first four of each fill the low six
/// bits of bytes 0-7, whose upper bits complete the last four, begun in the nibbles of bytes 8-11.
std::array<Affine, 8> affines_at(const std::byte* in) {
  const float scale = half_at(in), least = half_at(in + 2);
  const auto byte = [in](int i) { return static_cast<int>(in[4 + i]); };
  std::array<Affine, 8> affines;
  for (int i = 0; i < 4; ++i) {
    affines[static_cast<size_t>(i)] = {scale * static_cast<float>(byte(i) & 63),
                                       least * static_cast<float>(byte(i + 4) & 63)};
    affines[static_cast<size_t>(i + 4)] = {scale * static_cast<float>((byte(i + 8) & 15) | byte(i) >> 6 << 4),
                                           least * static_cast<float>(byte(i + 8) >> 4 | byte(i + 4) >> 6 << 4)};
  }
  return affines;
}

// Affines (16 bytes), 128 bytes: every 32 bytes hold two sub-blocks, in their low and their high nibbles. w = d q - m.
void dequantise_q4_k(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 144) {
    const std::array<Affine, 8> affines = affines_at(in);
    const std::byte* pairs = in + 16;
    for (size_t sub = 0; sub < 8; sub += 2, pairs += 32, out += 64) {
      for (int i = 0; i < 32; ++i) {
        out[i] = static_cast<float>(low(pairs[i])) * affines[sub].scale - affines[sub].least;
        out[i + 32] = static_cast<float>(high(pairs[i])) * affines[sub + 1].scale - affines[sub + 1].least;
      }
    }
  }
}

// As Q4_K, with 32 bytes between affines and nibbles: bit s of byte i is the fifth bit of weight i of sub-block s.
void dequantise_q5_k(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 176) {
    const std::array<Affine, 8> affines = affines_at(in);
    const std::byte *fifths = in + 16, *pairs = in + 48;
    for (size_t sub = 0; sub < 8; sub += 2, pairs += 32, out += 64) {
      for (int i = 0; i < 32; ++i) {
        const int fifth = static_cast<int>(fifths[i]) >> sub;
        out[i] = static_cast<float>(low(pairs[i]) | (fifth & 1) << 4) * affines[sub].scale - affines[sub].least;
        out[i + 32] = static_cast<float>(high(pairs[i]) | (fifth >> 1 & 1) << 4) * affines[sub + 1].scale -
                      affines[sub + 1].least;
      }
    }
  }
}

// 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales, f16 d: w = d s (q - 32). Each half block of
// 128 weights is four rows of 32: row r takes nibble r / 2 of bytes 32 (r % 2) .. of its 64, and bit pair r of its 32.
void dequantise_q6_k(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 210) {
    const float scale = half_at(in + 208);
    for (int half = 0; half < 2; ++half) {
      const std::byte *pairs = in + 64 * half, *uppers = in + 128 + 32 * half, *scales = in + 192 + 8 * half;
      for (int row = 0; row < 4; ++row) {
        for (int i = 0; i < 32; ++i) {
          const std::byte pair = pairs[32 * (row % 2) + i];
          const int upper = (static_cast<int>(uppers[i]) >> 2 * row & 3) << 4;
          const int weight = ((row < 2 ? low(pair) : high(pair)) | upper) - 32;
          const auto sub_scale = static_cast<int8_t>(scales[2 * row + i / 16]);
          *out++ = scale * static_cast<float>(sub_scale) * static_cast<float>(weight);
        }
      }
    }
  }
}

constexpr GgmlFormat kFormats[] = {
    {0, "F32", 1, 4, copy_f32},
    {1, "F16", 1, 2, widen_f16},
    {2, "Q4_0", 32, 18, dequantise_q4_0},
    {3, "Q4_1", 32, 20, dequantise_q4_1},
    {6, "Q5_0", 32, 22, dequantise_q5_0},
    {7, "Q5_1", 32, 24, dequantise_q5_1},
    {8, "Q8_0", 32, 34, dequantise_q8_0},
    {12, "Q4_K", 256, 144, dequantise_q4_k},
    {13, "Q5_K", 256, 176, dequantise_q5_k},
    {14, "Q6_K", 256, 210, dequantise_q6_k},
    {30, "BF16", 1, 2, widen_bf16},
    // Passed over, as long as nobody asks for what is in them.   @source  ggml's table of block sizes.
    {9, "Q8_1", 32, 40, nullptr},
    {10, "Q2_K", 256, 84, nullptr},
    {11, "Q3_K", 256, 110, nullptr},
    {15, "Q8_K", 256, 292, nullptr},
    {16, "IQ2_XXS", 256, 66, nullptr},
    {17, "IQ2_XS", 256, 74, nullptr},
    {18, "IQ3_XXS", 256, 98, nullptr},
    {19, "IQ1_S", 256, 50, nullptr},
    {20, "IQ4_NL", 32, 18, nullptr},
    {21, "IQ3_S", 256, 110, nullptr},
    {22, "IQ2_S", 256, 82, nullptr},
    {23, "IQ4_XS", 256, 136, nullptr},
    {24, "I8", 1, 1, nullptr},
    {25, "I16", 1, 2, nullptr},
    {26, "I32", 1, 4, nullptr},
    {27, "I64", 1, 8, nullptr},
    {28, "F64", 1, 8, nullptr},
    {29, "IQ1_M", 256, 56, nullptr},
    {34, "TQ1_0", 256, 54, nullptr},
    {35, "TQ2_0", 256, 66, nullptr},
    {39, "MXFP4", 32, 17, nullptr},
    {40, "NVFP4", 64, 36, nullptr},
    {41, "Q1_0", 128, 18, nullptr},
};

}  // namespace

const GgmlFormat* ggml_format(uint32_t type) {
  for (const GgmlFormat& format : kFormats) {
    if (format.type == type) return &format;
  }
  return nullptr;
}

}  // namespace emf
