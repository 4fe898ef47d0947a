// Dequantisation of ggml's block formats, and the table of those known.
#include "encoders/weights/ggml_blocks.h"

#include <c10/util/Half.h>

#include <array>
#include <cstring>

namespace emf {
namespace {

// Blocks stand at any byte offset, so fields are copied out rather than cast. Formulas as ggml-quants.c has
// them.

float half_at(const std::byte* in) {
  uint16_t bits;
  std::memcpy(&bits, in, sizeof bits);
  return c10::detail::fp16_ieee_to_fp32_value(bits);
}

void copy_f32(const std::byte* in, int64_t blocks, float* out) {
  std::memcpy(out, in, static_cast<size_t>(blocks) * sizeof(float));
}

// f16 d, f16 m, 16 bytes: w = d q + m; the low nibbles are weights 0-15, the high ones 16-31.
void dequantise_q4_1(const std::byte* in, int64_t blocks, float* out) {
  for (int64_t block = 0; block < blocks; ++block, in += 20, out += 32) {
    const float scale = half_at(in), least = half_at(in + 2);
    for (int i = 0; i < 16; ++i) {
      const auto pair = static_cast<uint8_t>(in[4 + i]);
      out[i] = static_cast<float>(pair & 15) * scale + least;
      out[i + 16] = static_cast<float>(pair >> 4) * scale + least;
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

constexpr std::array<GgmlFormat, 3> kFormats = {{
    {0, "F32", 1, 4, copy_f32},
    {3, "Q4_1", 32, 20, dequantise_q4_1},
    {8, "Q8_0", 32, 34, dequantise_q8_0},
}};

}  // namespace

const GgmlFormat* ggml_format(uint32_t type) {
  for (const GgmlFormat& format : kFormats) {
    if (format.type == type) return &format;
  }
  return nullptr;
}

}  // namespace emf
