// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are pictures, and what else lies there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/npy.h"

namespace emf::pictures {

struct PictureFolder {
  std::vector<std::filesystem::path> files;  ///< relative to the folder, in order of name
  std::vector<std::string> warnings;  ///< what was passed over, one line each; nothing of names with a dot in front
};

struct FolderOptions {
  bool subfolders = false;    ///< pictures of folders within, too
  bool arrays = false;        ///< so are .npy files that hold pictures
  bool none_will_do = false;  ///< a folder without pictures is no error
};

/// Lists a folder. Names that begin with a dot are hidden and passed over without a word.
/// @throws UserError  no such folder (kMissing), no picture in it, one that cannot be read, a name that is not UTF-8.
PictureFolder list_picture_folder(const std::filesystem::path& folder, const FolderOptions& options = {});

/// Whether an array holds pictures: uint8, [N, H, W, C], [N, C, H, W] or one [H, W, 3], C = 1 or 3.
bool are_pictures(const NpyShape& shape);

/// "3 files (.txt 2, .mp4 1: notes.txt, ...)": what names are worth a line.
std::string files_by_ending(const std::vector<std::filesystem::path>& files);

}  // namespace emf::pictures
