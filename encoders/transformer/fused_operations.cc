// SPDX-License-Identifier: Apache-2.0
#include "encoders/transformer/fused_operations.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

// The compiler writes each of these loops once for every width of vector unit; the machine picks at start.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define EMF_VECTOR_WIDTHS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EMF_VECTOR_WIDTHS
#endif

#include "harness/tensor/parallel.h"

namespace emf {
namespace {

constexpr int64_t kLanes = 16;  // partial sums, so that a sum of squares can be vectorised
constexpr int64_t kValuesPerTask = 1 << 14;

float to_float(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  __builtin_memcpy(&value, &wide, sizeof value);
  return value;
}

/// Round to nearest, ties to even; not for NaN.
uint16_t to_bfloat16(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

EMF_VECTOR_WIDTHS float sum_of_squares(const float* x, int64_t size) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane] * x[i + lane];
  }
  float sum = 0;
  for (; i < size; ++i) sum += x[i] * x[i];
  for (const float lane : lanes) sum += lane;
  return sum;
}

EMF_VECTOR_WIDTHS void scale_row(const float* x, const float* weight, float scale, int64_t size, float* out) {
  for (int64_t i = 0; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

EMF_VECTOR_WIDTHS void scale_row(const float* x, const float* weight, float scale, int64_t size, uint16_t* out) {
  for (int64_t i = 0; i < size; ++i) out[i] = to_bfloat16(x[i] * scale * weight[i]);
}

EMF_VECTOR_WIDTHS void turn_head(float* head, const float* cosine, const float* sine, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = head[i], second = head[half + i];
    head[i] = first * cosine[i] - second * sine[i];
    head[half + i] = second * cosine[i] + first * sine[i];
  }
}

EMF_VECTOR_WIDTHS void turn_head(uint16_t* head, const float* cosine, const float* sine, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = to_float(head[i]), second = to_float(head[half + i]);
    head[i] = to_bfloat16(first * cosine[i] - second * sine[i]);
    head[half + i] = to_bfloat16(second * cosine[i] + first * sine[i]);
  }
}

template <typename Stored>
Stored* data_of(const at::Tensor& tensor) {
  return static_cast<Stored*>(tensor.data_ptr());
}

template <typename Stored>
void rms_norm_rows(const at::Tensor& x, const at::Tensor& weight, double epsilon, const at::Tensor& out) {
  const int64_t size = x.size(-1), rows = x.numel() / size;
  const float* from = x.const_data_ptr<float>();
  const float* scales = weight.const_data_ptr<float>();
  auto* to = data_of<Stored>(out);
  parallel_for(rows, std::max<int64_t>(1, kValuesPerTask / size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float mean = sum_of_squares(from + row * size, size) / static_cast<float>(size);
      scale_row(from + row * size, scales, 1 / std::sqrt(mean + static_cast<float>(epsilon)), size, to + row * size);
    }
  });
}

template <typename Stored>
void turn_rows(const at::Tensor& heads, int64_t num_turned, const at::Tensor& cosine, const at::Tensor& sine) {
  const int64_t num_heads = heads.size(1), size = heads.size(2), half = size / 2;
  auto* values = data_of<Stored>(heads);
  const float* cosines = cosine.const_data_ptr<float>();
  const float* sines = sine.const_data_ptr<float>();
  parallel_for(
      heads.size(0), std::max<int64_t>(1, kValuesPerTask / (num_heads * size)), [&](int64_t begin, int64_t end) {
        for (int64_t token = begin; token < end; ++token) {
          for (int64_t head = 0; head < num_turned; ++head) {
            turn_head(values + (token * num_heads + head) * size, cosines + token * half, sines + token * half, half);
          }
        }
      });
}

}  // namespace

at::Tensor reference::rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType out_type) {
  return (x * (x.square().mean(-1, true) + epsilon).rsqrt() * weight).to(out_type);
}

at::Tensor reference::turn_heads(const at::Tensor& heads, int64_t num_turned, const at::Tensor& cosine,
                                 const at::Tensor& sine) {
  const int64_t half = heads.size(2) / 2;
  const at::Tensor turning = heads.narrow(1, 0, num_turned).to(at::kFloat);
  const at::Tensor first = turning.narrow(2, 0, half), second = turning.narrow(2, half, half);
  const at::Tensor turned = at::cat({first * cosine - second * sine, second * cosine + first * sine}, 2);
  return at::cat({turned.to(heads.scalar_type()), heads.narrow(1, num_turned, heads.size(1) - num_turned)}, 1);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType out_type) {
  if (at::GradMode::is_enabled() || x.scalar_type() != at::kFloat || !x.is_cpu())
    return reference::rms_norm(x, weight, epsilon, out_type);
  const at::Tensor rows = x.contiguous(), out = at::empty(x.sizes(), x.options().dtype(out_type));
  out_type == at::kFloat ? rms_norm_rows<float>(rows, weight, epsilon, out)
                         : rms_norm_rows<uint16_t>(rows, weight, epsilon, out);
  return out;
}

at::Tensor turn_heads(const at::Tensor& heads, int64_t num_turned, const at::Tensor& cosine, const at::Tensor& sine) {
  if (at::GradMode::is_enabled() || !heads.is_contiguous() || !heads.is_cpu())
    return reference::turn_heads(heads, num_turned, cosine, sine);
  heads.scalar_type() == at::kFloat ? turn_rows<float>(heads, num_turned, cosine, sine)
                                    : turn_rows<uint16_t>(heads, num_turned, cosine, sine);
  return heads;
}

}  // namespace emf
