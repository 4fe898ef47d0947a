// SPDX-License-Identifier: Apache-2.0
// Emoji sprites, scaled and tinted: decoded once, kept for every size and tint that was asked for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf::scenes {

/// data/scenes/manifest.json.
const Json& sprite_manifest();

/// GenEval class ids that have a sprite of one of the vendors, most recognisable first.
std::vector<int> classes_with_sprites(const std::vector<std::string>& vendors);

/// Names of the vendors in the manifest.
std::vector<std::string> sprite_vendors();

/// One sprite as it is pasted.
struct Sprite {
  int width = 0, height = 0;                           ///< pixels
  int box_x0 = 0, box_y0 = 0, box_x1 = 0, box_y1 = 0;  ///< tight box of the pixels at least a quarter opaque
  std::vector<uint8_t> rgba;                           ///< premultiplied, row by row
};

/// The sprites of a world. Safe to read from any thread.
class SpriteBook {
 public:
  /// @param classes  GenEval class ids.  @param longest  largest size that will be asked for, in pixels.
  /// @throws UserError  a sprite file is absent, or is not the one the manifest names (SHA-256).
  SpriteBook(const std::vector<int>& classes, const std::vector<std::string>& vendors, int longest);
  ~SpriteBook();

  /// How many sprites a class has (at least 1).  @param which  position in the constructor's classes.
  int count(int which) const { return static_cast<int>(classes_[which].size()); }

  /// @param color_id  index into geneval_colors(), -1 = natural colours.
  /// @param size      of the longer side in pixels, 1..longest.
  /// @cost  a few instructions; about 30 us the first time.
  const Sprite& get(int which, int sprite, int color_id, int size) const;

  /// SHA-256 of every file used, in order: part of the fingerprint.
  const std::vector<std::string>& hashes() const { return hashes_; }

 private:
  struct Source;
  const Sprite& make(size_t slot, const Source& source, int color_id, int size) const;

  int longest_;
  std::vector<std::vector<int>> classes_;  ///< indices into sources_
  std::vector<Source> sources_;
  std::vector<std::string> hashes_;
  mutable std::mutex making_;
  mutable std::vector<std::atomic<const Sprite*>> slots_;
  mutable std::vector<std::unique_ptr<const Sprite>> made_;
};

}  // namespace emf::scenes
