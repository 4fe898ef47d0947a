// SPDX-License-Identifier: Apache-2.0
// Pictures with their captions laid out on one PNG for people to look at; small ones enlarged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/api/dataset.h"

namespace emf {

struct Tile {
  std::vector<uint8_t> picture;  ///< RGB, row by row: height * width * 3
  std::string caption;           ///< cut with ".." when it is long
  std::vector<Box> boxes;        ///< drawn in white
};

/// @param height, width  of every picture, pixels.
/// @param columns   tiles a row.
/// @param captions  false: pictures alone, side by side, not enlarged.
/// @return  bytes of a PNG.
/// @throws UserError      more than 2^28 pixels in all.
/// @throws InternalError  a picture of another size.
std::string draw_tiles(const std::vector<Tile>& tiles, int height, int width, int columns, bool captions);

}  // namespace emf
