// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files, written by hand: TFRecord frames of protobuf messages, scalars alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// One number of a training.
struct ScalarEvent {
  std::string tag;   ///< "loss"; TensorBoard groups by what stands before a slash
  int64_t step = 0;  ///< pictures seen
  double value = 0;  ///< kept as F32, which is all that the format holds
};

/// CRC-32C (Castagnoli) of the bytes, as TFRecord masks it: rotated by 15 bits and a constant added.
uint32_t masked_crc32c(std::string_view bytes);

/// A whole events.out.tfevents file: the version record, then an event each.
/// @param seconds  since 1970, the wall time of every event: records keep none of single ones.
std::string tensorboard_file(const std::vector<ScalarEvent>& events, double seconds);

}  // namespace emf
