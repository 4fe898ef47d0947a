// SPDX-License-Identifier: Apache-2.0
// The pictures of one vendor: a zip of 64-pixel PNGs, read whole, laid over white.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/paths.h"

namespace emf::emoji {

/// One emoji over white.
struct Picture {
  int side = 0;
  std::vector<uint8_t> rgb;  ///< side * side * 3, row by row
};

/// Encoded PNGs by concept_key() of their file name.
/// @throws UserError  absent (kMissing: how to fetch it), damaged, or another file than data/packages.json names.
std::map<std::string, std::string> read_sprite_archive(const PackageFile& file);

/// Decodes one PNG and lays it over white.  @param name  for errors.
Picture decode_over_white(const std::string& png, const std::string& name);

/// Another side: area averaging when it shrinks, bilinear when it grows.
Picture resized(const Picture& picture, int side);

}  // namespace emf::emoji
