// SPDX-License-Identifier: Apache-2.0
// Single pictures cut out of a sample grid, as data URIs.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emf {

/// Cuts tiles out of a PNG grid and encodes each as "data:image/png;base64,...".
///
/// @param tile     height and width of a picture in pixels.   @param columns  tiles a row of the grid.
/// @param indices  which tiles, counted row by row.
/// @return         one data URI an index.
/// @throws UserError  absent or no picture; a tile outside of it (names the file).
std::vector<std::string> cut_tiles(const std::filesystem::path& grid, std::array<int, 2> tile, int columns,
                                   const std::vector<size_t>& indices);

/// Standard base64 with padding.
std::string base64(std::string_view bytes);

}  // namespace emf
