// SPDX-License-Identifier: Apache-2.0
// Pictures as bytes, row by row, turned to tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace emf {

/// Stacks pictures of one size.
///
/// @param pictures  B pictures, each height * width * 3 RGB bytes, row by row.
/// @return  [B,3,height,width] uint8, channels_last in memory: the bytes as they came.
/// @throws InternalError  a picture of another number of bytes.
at::Tensor picture_bytes_tensor(const std::vector<const std::vector<uint8_t>*>& pictures, int64_t height,
                                int64_t width);

/// The same of anything that has a member `picture` of bytes (api/dataset.h's Sample).
template <typename Samples>
at::Tensor picture_tensor(const Samples& samples, int64_t height, int64_t width) {
  std::vector<const std::vector<uint8_t>*> pictures;
  for (const auto& sample : samples) pictures.push_back(&sample.picture);
  return picture_bytes_tensor(pictures, height, width);
}

}  // namespace emf
