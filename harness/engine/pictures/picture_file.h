// Picture files: a grid of many as one PNG, and folders of pictures read.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace emf {

/// Tiles of a grid, row by row without gaps, so that a report can cut them out by arithmetic.
/// @param pictures  [N,3,H,W] uint8 RGB.  @param columns  tiles a row.
/// @param count  the first pictures, as many as there are when fewer.
void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns, int64_t count);

struct PictureFile {
  std::string name;    ///< file name without its folder
  at::Tensor picture;  ///< [3,H,W] uint8 RGB; any size
};

/// A picture as [3,H,W] uint8 RGB.  @throws UserError  absent or not a picture (names it).
at::Tensor read_picture(const std::filesystem::path& path);

/// Paths of every .png, .jpg, .jpeg, .webp and .bmp of a folder, in order of name; other files are passed over.
/// @throws UserError  no such folder (kMissing); no picture in it.
std::vector<std::filesystem::path> picture_paths(const std::filesystem::path& folder);

/// Every .png, .jpg, .jpeg, .webp and .bmp of a folder, in order of name; other files are passed over.
/// @throws UserError  no such folder (kMissing); no picture in it; a picture that cannot be read (names it).
std::vector<PictureFile> read_picture_folder(const std::filesystem::path& folder);

}  // namespace emf
