// SPDX-License-Identifier: Apache-2.0
#include "encoders/transformer/relative_position.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <cmath>

#include "harness/tensor/placement.h"

namespace emf {
namespace {

int64_t bucket_of(int64_t offset, int64_t buckets, int64_t most_distant) {
  const int64_t half = buckets / 2, exact = half / 2, distance = std::abs(offset);
  const int64_t side = offset > 0 ? half : 0;
  if (distance < exact) return side + distance;
  // float32, as the released checkpoints were trained: a double would move some borders by one.
  const float scale = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(most_distant) / static_cast<double>(exact)));
  const auto wide = exact + static_cast<int64_t>(scale * static_cast<float>(half - exact));
  return side + std::min(wide, half - 1);
}

}  // namespace

at::Tensor relative_position_bias(const at::Tensor& bias, int64_t length, int64_t most_distant) {
  const at::Tensor buckets = at::empty({length, length}, at::kLong);
  int64_t* out = buckets.data_ptr<int64_t>();
  for (int64_t query = 0; query < length; ++query) {
    for (int64_t key = 0; key < length; ++key) *out++ = bucket_of(key - query, bias.size(0), most_distant);
  }
  return bias.index_select(0, to_device(buckets.flatten(), bias.device()))
      .t()
      .reshape({1, bias.size(1), length, length});
}

}  // namespace emf
