// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/picture_tensor.h"

#include <ATen/ATen.h>
#include <ATen/ops/empty.h>

#include <cstring>

#include "harness/base/error.h"

namespace emf {

at::Tensor picture_bytes_tensor(const std::vector<const std::vector<uint8_t>*>& pictures, int64_t height,
                                int64_t width) {
  const at::Tensor rows = at::empty({static_cast<int64_t>(pictures.size()), height, width, 3}, at::kByte);
  const auto size = static_cast<size_t>(height * width * 3);
  uint8_t* out = rows.data_ptr<uint8_t>();
  for (const std::vector<uint8_t>* picture : pictures) {
    ensure(picture->size() == size, "a picture of {} bytes where {} were expected", picture->size(), size);
    std::memcpy(out, picture->data(), size);
    out += size;
  }
  return rows.permute({0, 3, 1, 2});
}

}  // namespace emf
