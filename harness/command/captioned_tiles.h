// Small pictures with their captions, enlarged and laid out on one PNG for people to look at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/api/dataset.h"

namespace emf {

struct Tile {
  std::vector<uint8_t> picture;  ///< RGB rows, side x side x 3
  std::string caption;           ///< cut with ".." when it is long
  std::vector<Box> boxes;        ///< drawn in white
};

/// @param columns   tiles a row.
/// @param captions  false: pictures alone, side by side, not enlarged.
/// @return  bytes of a PNG.
std::string draw_tiles(const std::vector<Tile>& tiles, int side, int columns, bool captions);

}  // namespace emf
