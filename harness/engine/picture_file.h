// Pictures as PNG files: one, or a grid of many.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

namespace emf {

/// Tiles of a grid, row by row without gaps, so that a report can cut them out by arithmetic.
/// @param pictures  [N,3,S,S] uint8 RGB.  @param columns  tiles a row.
void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns);

}  // namespace emf
