// SPDX-License-Identifier: Apache-2.0
// A set of pictures wherever it lies: a folder, a zip of one, or arrays of bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/pictures/decode.h"

namespace emf::pictures {

struct PictureSetOptions {
  std::string array;        ///< of an .npz; "" = a .npy
  bool subfolders = false;  ///< of a folder
};

/// Opened, its pictures are known by name and number, and none is read yet.
///
/// A folder's pictures (and .npy files of one [H, W, 3] or many), those of a .zip, folders within included, or a uint8
/// array of a .npy or .npz, [N, H, W, C] or [N, C, H, W] with C of 1 or 3, as guided-diffusion's arr_0. Not
/// thread-safe.
class PictureSet {
 public:
  /// @throws UserError  absent (kMissing); holds no picture; an array that is none of pictures.
  explicit PictureSet(const std::filesystem::path& path, const PictureSetOptions& options = {});
  ~PictureSet();
  PictureSet(PictureSet&&) noexcept;

  size_t size() const;
  /// "00/0001.png", "batch.npy[12]".
  std::string name(size_t picture) const;
  /// Pictures as Pillow's convert("RGB") gives them, their orientation not followed. Fastest from front to back.
  /// @throws UserError  one that cannot be decoded (names it).
  std::vector<Picture> read(size_t begin, size_t count) const;

  /// What was passed over, and what is odd, one line each; more may be known when all pictures were read.
  std::vector<std::string> warnings() const;
  /// sha256 over names and bytes of a folder's files; of the file, for all others.
  std::string sha256() const;

 private:
  class Part;
  class Files;
  class Zip;
  class Array;
  const Part& part_of(size_t& picture) const;

  std::filesystem::path path_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<std::string> warnings_;
  std::vector<std::filesystem::path> files_;                            // of a folder
  mutable size_t read_ = 0, clipped_ = 0, grey_ = 0, transparent_ = 0;  // of those read so far
};

}  // namespace emf::pictures
