// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/random_rows.h"

#include <ATen/ATen.h>
#include <c10/util/accumulate.h>

#include "harness/base/random.h"

namespace emf {

at::Tensor normal_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices,
                       at::IntArrayRef shape) {
  std::vector<int64_t> sizes = {static_cast<int64_t>(indices.size())};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  const at::Tensor rows = at::empty(sizes, at::kFloat);
  const int64_t count = c10::multiply_integers(shape);
  const uint64_t key = stream_key(stream);
  float* out = rows.data_ptr<float>();
  for (const uint64_t index : indices) {
    Random random(seed, key, index);
    for (int64_t i = 0; i < count; ++i) *out++ = random.normal();
  }
  return rows;
}

at::Tensor uniform_rows(uint64_t seed, std::string_view stream, const std::vector<uint64_t>& indices) {
  const at::Tensor rows = at::empty({static_cast<int64_t>(indices.size())}, at::kFloat);
  const uint64_t key = stream_key(stream);
  float* out = rows.data_ptr<float>();
  for (const uint64_t index : indices) *out++ = Random(seed, key, index).uniform();
  return rows;
}

at::Tensor normal_named(uint64_t seed, std::string_view name, at::IntArrayRef shape) {
  return normal_rows(seed, name, {0}, shape).squeeze(0);
}

}  // namespace emf
