// SPDX-License-Identifier: Apache-2.0
// Looks at every picture of a table once, at the beginning: which can be read, and what tells them from others.
#pragma once

#include <string>

#include "data/captioned/picture_table.h"
#include "harness/base/sha256.h"

namespace emf::captioned {

/// kHeaders: the header and the end mark of every picture. kBodies: every picture is decoded too. kAuto: bodies of up
/// to kMostChecked pictures, the headers of more.
enum class Check { kAuto, kHeaders, kBodies };
constexpr uint32_t kMostChecked = 20000;

/// Leaves out of the table what cannot be read, on all cores, and takes into the digest each picture's name, size,
/// first and last 8 KiB: reading all of 100 GB at every start would cost more than it is worth, and an encoded picture
/// that was replaced by another differs in its size, in its header or where its data end.
/// @cost  headers about 20 us a picture, bodies about .6 ms a JPEG of 640 x 480, on one core.
void examine_pictures(PictureTable& table, Check check, Sha256& digest);

}  // namespace emf::captioned
