// SPDX-License-Identifier: Apache-2.0
// Any picture made to fit a frame: the shorter side resized, what stands over on the longer one cut off at both ends.
#pragma once

#include <span>

#include "harness/pictures/decode.h"
#include "harness/pictures/lanczos.h"

namespace emf::pictures {

/// kArea: the mean over the area of a pixel when it shrinks (OpenCV's INTER_AREA), bilinear when it grows.
/// kLanczos: Pillow's LANCZOS either way.
enum class Resize { kArea, kLanczos };

/// The smallest picture of the source's shape that covers height x width, and the middle of it: the side that decides
/// is exact, the other is rounded to the nearest pixel; of an odd surplus the smaller half is cut at the top or left.
Window covering_window(int source_height, int source_width, int height, int width);

/// @param target  height * width * 3 bytes, all overwritten.
/// @cost  from 640 x 480 to 256 x 256: area about 2 ms, Lanczos about 5 ms.
void fit(const Picture& source, int height, int width, Resize how, std::span<uint8_t> target);

}  // namespace emf::pictures
