// SPDX-License-Identifier: Apache-2.0
// Picture files: a grid of many as one PNG, and files read.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

#include "harness/pictures/decode.h"

namespace emf {

/// Tiles of a grid, row by row without gaps, so that a report can cut them out by arithmetic.
/// @param pictures  [N,3,H,W] uint8 RGB.  @param columns  tiles a row.
/// @param count  the first pictures, as many as there are when fewer.
void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns, int64_t count);

/// A picture as [3,H,W] uint8 RGB, as Pillow's convert("RGB") gives it.
/// @param orientation  EXIF's is not followed by tools for distances, and followed by judges.
/// @throws UserError  absent or not a picture (names it).
at::Tensor read_picture(const std::filesystem::path& path,
                        pictures::Orientation orientation = pictures::Orientation::kIgnored);

/// Pixels row by row as [3,H,W].
at::Tensor picture_tensor(const pictures::Picture& picture);

}  // namespace emf
