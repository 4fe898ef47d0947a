// SPDX-License-Identifier: Apache-2.0
// Operations without a gradient: the time's features, and draws.
#include <c10/core/DeviceGuard.h>
#include <c10/util/accumulate.h>

#include "harness/base/random.h"
#include "harness/kernels/fused/operation_tensors.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/fused/random_rows.h"
#include "harness/kernels/fused/time_embedding.h"

namespace emf::fused {

std::optional<Dual> time_embedding(const Dual& t, int64_t dimensions, double scale, double base) {
  const bool has_gradient = c10::GradMode::is_enabled() && t.value.requires_grad();
  if (t.value.scalar_type() != at::kFloat || t.value.dim() != 1 || dimensions % 2 != 0 || has_gradient) return {};
  const c10::DeviceGuard guard(t.value.device());
  const at::Tensor times = t.value.detach().contiguous();
  const at::Tensor moving = t.has_tangent() ? t.tangent.to(at::kFloat).contiguous() : at::Tensor();
  Dual y{at::empty({times.size(0), dimensions}, times.options()), {}};
  if (moving.defined()) y.tangent = at::empty({moving.size(0), dimensions}, times.options());
  const TimeEmbedding call{times.size(0),
                           t.tangent_rows(),
                           static_cast<int>(dimensions / 2),
                           scale,
                           base,
                           static_cast<const float*>(place_of(times)),
                           static_cast<const float*>(place_of(moving)),
                           static_cast<float*>(mutable_place_of(y.value)),
                           static_cast<float*>(mutable_place_of(y.tangent))};
  launch(&Launchers::time_embedding, call, times.device(), "time_embedding");
  return y;
}

std::optional<at::Tensor> normal_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices,
                                      at::IntArrayRef shape, const at::Device& device) {
  const c10::DeviceGuard guard(device);
  std::vector<int64_t> sizes = {static_cast<int64_t>(indices.size())};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  const at::Tensor rows = at::empty(sizes, at::TensorOptions().device(device).dtype(at::kFloat));
  // Int64 has the same 64 bits, and every version of LibTorch can copy it.
  const std::vector<int64_t> bits(indices.begin(), indices.end());
  const at::Tensor places = at::tensor(bits, at::kLong).to(device);
  const RandomRows call{seed,
                        stream_key(stream),
                        static_cast<int64_t>(indices.size()),
                        c10::multiply_integers(shape),
                        static_cast<const uint64_t*>(place_of(places)),
                        static_cast<float*>(mutable_place_of(rows))};
  launch(&Launchers::normal_rows, call, device, "normal_rows");
  return rows;
}

}  // namespace emf::fused
