// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/products.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

#include "harness/kernels/cpu/kernels.h"
#include "harness/kernels/fused/operation_tensors.h"
#include "harness/tensor/parallel.h"

namespace emf::fused {
namespace {

int64_t rows_in(const at::Tensor& x) { return x.size(-1) == 0 ? 0 : x.numel() / x.size(-1); }

/// Rows that a thread takes at once: enough work that handing it out costs nothing beside it.
int64_t rows_a_piece(int64_t inner, int64_t columns) {
  constexpr int64_t kProducts = 1 << 20, kStrip = 12;
  const int64_t wanted = kProducts / std::max<int64_t>(1, inner * columns);
  return std::clamp<int64_t>((wanted + kStrip - 1) / kStrip * kStrip, kStrip, 96);
}

}  // namespace

std::optional<ElementType> product_element(const at::Tensor& x) {
  const std::optional<ElementType> own = element_type(x);
  if (!own) return {};
  const CpuKernels& kernels = *cpu_kernels();
  if (at::autocast::is_autocast_enabled(x.device().type())) {
    const bool bfloat16 = at::autocast::get_autocast_dtype(x.device().type()) == at::kBFloat16;
    return bfloat16 && kernels.has_bf16 ? std::optional(ElementType::kBfloat16) : std::nullopt;
  }
  // Outside autocast x and the fp32 weight must agree, as ATen wants it.
  return *own == ElementType::kFloat32 ? own : std::nullopt;
}

bool takes_product(const at::Tensor& x, const at::Tensor& weight, ElementType element) {
  if (weight.scalar_type() != at::kFloat || weight.dim() != 2 || !weight.is_contiguous()) return false;
  if (x.dim() < 1 || x.numel() == 0 || x.size(-1) != weight.size(1)) return false;
  return element == ElementType::kFloat32 || (weight.size(0) % 2 == 0 && weight.size(1) % 2 == 0);
}

at::Tensor rows_of(const at::Tensor& x, ElementType element) {
  return x.detach().to(scalar_type(element)).contiguous();
}

at::Tensor multiply(const at::Tensor& x, const PackedWeight& right, int64_t columns,
                    const std::optional<at::Tensor>& bias, ElementType element) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = columns;
  const at::Tensor y = at::empty(sizes, x.options());
  const at::Tensor added = bias.has_value() ? bias->detach().contiguous() : at::Tensor();
  const int64_t inner = x.size(-1);
  const Product call{rows_in(x),
                     columns,
                     inner,
                     place_of(x),
                     inner,
                     right.words(),
                     static_cast<const float*>(place_of(added)),
                     mutable_place_of(y),
                     columns,
                     element};
  const CpuKernels& kernels = *cpu_kernels();
  parallel_for(call.rows, rows_a_piece(inner, columns),
               [&](int64_t begin, int64_t end) { kernels.product(call, element, begin, end); });
  return y;
}

std::pair<at::Tensor, at::Tensor> weight_gradient(const at::Tensor& x, const at::Tensor& y_gradient,
                                                  ElementType element) {
  const int64_t rows = rows_in(x), inputs = x.size(-1), outputs = y_gradient.size(-1);
  const at::TensorOptions single = x.options().dtype(at::kFloat);
  const at::Tensor of_weight = at::empty({outputs, inputs}, single), of_bias = at::empty({outputs}, single);
  const CpuKernels& kernels = *cpu_kernels();
  const PackedWeight packed(packed_words(rows, inputs, element));
  constexpr int64_t kPanel = 32;
  const int64_t words = packed_words(rows, kPanel, element);
  const auto* const from = static_cast<const char*>(place_of(x));
  parallel_for((inputs + kPanel - 1) / kPanel, 1, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kPanel;
    kernels.pack(
        {element, from + first * static_cast<int64_t>(x.element_size()), inputs, rows,
         std::min(inputs, end * kPanel) - first, /*is_inner_dense=*/false, packed.memory.get() + begin * words},
        element);
  });
  const WeightGradient call{rows,
                            outputs,
                            inputs,
                            place_of(y_gradient),
                            outputs,
                            packed.words(),
                            static_cast<float*>(mutable_place_of(of_weight)),
                            static_cast<float*>(mutable_place_of(of_bias))};
  parallel_for((outputs + kGradientBlock - 1) / kGradientBlock, 1, [&](int64_t begin, int64_t end) {
    kernels.weight_gradient(call, element, begin * kGradientBlock, std::min(outputs, end * kGradientBlock));
  });
  return {of_weight, of_bias};
}

}  // namespace emf::fused
