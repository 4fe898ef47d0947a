// SPDX-License-Identifier: Apache-2.0
// Where the objects of a picture go, what is behind them, and the pasting.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/base/random.h"
#include "harness/captions/grammar.h"

namespace emf::scenes {

struct Extent {
  int width = 0, height = 0;
};

struct Corner {
  int x = 0, y = 0;
};

/// How much of a picture is left to chance.
struct Freedom {
  bool quarters = false;  ///< every object in a quarter of the picture of its own, instead of anywhere
  double variety = 1;     ///< 0..1: share of the ranges of size, place and background that is used
};

/// Sizes (longer side, pixels) a picture of `objects` objects may take: as large as they fit without
/// touching.
struct SizeRange {
  int low = 0, high = 0, step = 1;
};
SizeRange size_range(int objects, int side, const Freedom& freedom = {});

/// Upper left corners of 1 to 4 extents, none outside the picture, none closer than a pixel to another. A stated
/// relation holds by GenEval's rule with margin, and no other holds between the same two.
///
/// @param relations  none, one, or two of different axes: where the second extent goes, and where the third, seen from
///                   the first.
/// @param extents  in the order of the facts, each within size_range().
void place(std::span<const Relation> relations, std::span<const Extent> extents, int side, const Freedom& freedom,
           Random& random, std::span<Corner> corners);

/// Fills a picture with a plain colour or a soft gradient: greyish, and either darker or lighter than grey
/// emoji are, so that black, white and grey objects stand out from it.
/// @param variety  0..1: share of each colour range that is used.
void paint_background(int side, double variety, Random& random, std::span<uint8_t> picture);

}  // namespace emf::scenes
