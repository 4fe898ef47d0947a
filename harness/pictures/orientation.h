// SPDX-License-Identifier: Apache-2.0
// EXIF's orientation: found where cameras and editors write it, and obeyed.
#pragma once

#include <string_view>

#include "harness/pictures/decode.h"

namespace emf::pictures {

/// The orientation in an EXIF block, "Exif\0\0" before it or not: 1 to 8; 0 when it says none.
int exif_orientation(std::string_view exif);

/// The orientation in XMP text; 0 when it says none.
int xmp_orientation(std::string_view xmp);

/// The picture as its orientation asks for it to be seen.   @param orientation  1 to 8; all else is 1.
Picture turned(Picture picture, int orientation);

}  // namespace emf::pictures
