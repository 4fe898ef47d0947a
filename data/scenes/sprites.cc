// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/sprites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/captions/grammar.h"
#include "harness/pictures/png.h"

namespace emf::scenes {
namespace {

constexpr int kTints = 11;             // natural and the ten colours
constexpr uint8_t kOpaqueEnough = 64;  // below a quarter a pixel is anti-aliasing, not object

std::filesystem::path folder() { return project_root() / "data" / "scenes"; }

/// A colour as three stops that a sprite's shading runs through.
struct Ramp {
  std::array<float, 3> shadow, base, light;
};

/// Chosen so that no two ramps share a stretch: brown lies below orange, pink above red, black and white are
/// grey.
const std::array<Ramp, 10>& ramps() {
  static const std::array<Ramp, 10> all = {{
      {{110, 0, 8}, {222, 22, 28}, {255, 92, 80}},          // red
      {{168, 70, 0}, {255, 132, 0}, {255, 192, 96}},        // orange
      {{170, 130, 0}, {252, 218, 16}, {255, 246, 150}},     // yellow
      {{0, 70, 14}, {26, 160, 46}, {150, 230, 140}},        // green
      {{4, 18, 110}, {28, 78, 226}, {130, 180, 255}},       // blue
      {{54, 0, 94}, {132, 36, 188}, {204, 144, 246}},       // purple
      {{190, 50, 118}, {255, 118, 186}, {255, 202, 228}},   // pink
      {{52, 24, 8}, {118, 64, 28}, {188, 130, 86}},         // brown
      {{0, 0, 0}, {26, 26, 28}, {98, 98, 102}},             // black
      {{158, 158, 164}, {240, 240, 242}, {255, 255, 255}},  // white
  }};
  return all;
}

float luma(const cv::Vec4f& pixel) { return 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2]; }

/// The smallest part that holds every pixel of the object.
cv::Rect opaque_part(const pictures::RgbaPicture& picture) {
  int left = picture.width, right = 0, top = picture.height, bottom = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      if (picture.rgba[4 * static_cast<size_t>(y * picture.width + x) + 3] < kOpaqueEnough) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
    }
  }
  ensure(left < right, "a sprite without an object");
  return {left, top, right - left, bottom - top};
}

}  // namespace

/// A decoded sprite, cropped to its object.
struct SpriteBook::Source {
  cv::Mat4f rgba;           // straight colour 0..255, alpha 0..1
  float mean = 0, std = 0;  // of the luma, weighted by alpha

  /// Colour of a pixel once tinted: its shading, put on one scale for all sprites, picks a place on the ramp.
  cv::Vec4f tinted(const cv::Vec4f& pixel, int color_id) const {
    if (color_id < 0) return pixel;
    const Ramp& ramp = ramps()[color_id];
    // 0.32: two standard deviations reach both ends of the ramp, most of the object stays near its base.
    const float shade = std::clamp(0.5f + 0.32f * (luma(pixel) - mean) / std::max(std, 20.0f), 0.0f, 1.0f);
    cv::Vec4f out = pixel;
    for (int c = 0; c < 3; ++c) {
      out[c] = shade < 0.5f ? ramp.shadow[c] + 2 * shade * (ramp.base[c] - ramp.shadow[c])
                            : ramp.base[c] + (2 * shade - 1) * (ramp.light[c] - ramp.base[c]);
    }
    return out;
  }
};

const Json& sprite_manifest() {
  static const Json manifest = read_json(folder() / "manifest.json");
  return manifest;
}

std::vector<std::string> sprite_vendors() {
  std::vector<std::string> names;
  for (const Json& vendor : sprite_manifest().at("vendors")) names.push_back(vendor.at("vendor"));
  return names;
}

std::vector<int> classes_with_sprites(const std::vector<std::string>& vendors) {
  std::vector<int> ids;
  for (const Json& row : sprite_manifest().at("classes")) {
    const auto& sprites = row.at("sprites");
    const bool drawn = std::any_of(sprites.begin(), sprites.end(), [&](const Json& sprite) {
      return std::find(vendors.begin(), vendors.end(), sprite.at("vendor")) != vendors.end();
    });
    if (drawn) ids.push_back(geneval_class_id(row.at("class").get<std::string>()));
  }
  return ids;
}

SpriteBook::SpriteBook(const std::vector<int>& classes, const std::vector<std::string>& vendors, int longest)
    : longest_(longest) {
  for (const int id : classes) {
    std::vector<int> sprites;
    for (const Json& row : sprite_manifest().at("classes")) {
      if (row.at("class") != geneval_classes()[id]) continue;
      for (const Json& file : row.at("sprites")) {
        if (std::find(vendors.begin(), vendors.end(), file.at("vendor")) == vendors.end()) continue;
        const std::filesystem::path path = folder() / file.at("file").get<std::string>();
        const std::string bytes = read_file(path);
        if (sha256_hex(bytes) != file.at("sha256")) {
          fail_input("{}: not the sprite that manifest.json names; restore it: git checkout -- {}", path.string(),
                     path.string());
        }
        pictures::RgbaPicture decoded = pictures::decode_png_with_alpha(bytes);
        ensure(decoded.has_alpha, "{} has no alpha", path.string());
        const cv::Mat rgba(decoded.height, decoded.width, CV_8UC4, decoded.rgba.data());
        Source source;
        rgba(opaque_part(decoded)).convertTo(source.rgba, CV_32F);
        double weight = 0, sum = 0, squares = 0;
        for (cv::Vec4f& pixel : source.rgba) {
          pixel[3] /= 255;
          weight += pixel[3];
          sum += pixel[3] * luma(pixel);
          squares += pixel[3] * luma(pixel) * luma(pixel);
        }
        source.mean = sum / weight;
        source.std = std::sqrt(std::max(0.0, squares / weight - source.mean * source.mean));
        sprites.push_back(static_cast<int>(sources_.size()));
        sources_.push_back(std::move(source));
        hashes_.push_back(file.at("sha256"));
      }
    }
    ensure(!sprites.empty(), "class '{}' has no sprite", geneval_classes()[id]);
    classes_.push_back(std::move(sprites));
  }
  slots_ = std::vector<std::atomic<const Sprite*>>(sources_.size() * kTints * (longest_ + 1));
}

SpriteBook::~SpriteBook() = default;

const Sprite& SpriteBook::get(int which, int sprite, int color_id, int size) const {
  const int source = classes_[which][sprite];
  const size_t slot = (static_cast<size_t>(source) * kTints + color_id + 1) * (longest_ + 1) + size;
  const Sprite* ready = slots_[slot].load(std::memory_order_acquire);
  return ready != nullptr ? *ready : make(slot, sources_[source], color_id, size);
}

const Sprite& SpriteBook::make(size_t slot, const Source& source, int color_id, int size) const {
  const std::lock_guard<std::mutex> lock(making_);
  if (const Sprite* ready = slots_[slot].load(std::memory_order_acquire)) return *ready;
  cv::Mat4f premultiplied(source.rgba.size());
  for (int y = 0; y < source.rgba.rows; ++y) {
    for (int x = 0; x < source.rgba.cols; ++x) {
      cv::Vec4f pixel = source.tinted(source.rgba(y, x), color_id);
      for (int c = 0; c < 3; ++c) pixel[c] *= pixel[3];
      premultiplied(y, x) = pixel;
    }
  }
  const int longer = std::max(source.rgba.cols, source.rgba.rows);
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) * size / longer)));
  };
  auto sprite = std::make_unique<Sprite>();
  sprite->width = scaled(source.rgba.cols);
  sprite->height = scaled(source.rgba.rows);
  cv::Mat4f small;
  // Area averaging when shrinking: every source pixel counts, so thin lines fade instead of breaking.
  cv::resize(premultiplied, small, {sprite->width, sprite->height}, 0, 0,
             size <= longer ? cv::INTER_AREA : cv::INTER_LINEAR);
  sprite->rgba.reserve(small.total() * 4);
  sprite->box_x0 = sprite->width;
  sprite->box_y0 = sprite->height;
  for (int y = 0; y < small.rows; ++y) {
    for (int x = 0; x < small.cols; ++x) {
      const cv::Vec4f& pixel = small(y, x);
      const int alpha = std::clamp(static_cast<int>(std::lround(pixel[3] * 255)), 0, 255);
      for (int c = 0; c < 3; ++c) {
        // Never above alpha: pasting could overflow.
        sprite->rgba.push_back(static_cast<uint8_t>(std::clamp(static_cast<int>(std::lround(pixel[c])), 0, alpha)));
      }
      sprite->rgba.push_back(static_cast<uint8_t>(alpha));
      if (alpha < kOpaqueEnough) continue;
      sprite->box_x0 = std::min(sprite->box_x0, x);
      sprite->box_y0 = std::min(sprite->box_y0, y);
      sprite->box_x1 = std::max(sprite->box_x1, x + 1);
      sprite->box_y1 = std::max(sprite->box_y1, y + 1);
    }
  }
  ensure(sprite->box_x1 > sprite->box_x0, "a sprite of size {} has no opaque pixel", size);
  const Sprite& result = *sprite;
  made_.push_back(std::move(sprite));
  slots_[slot].store(&result, std::memory_order_release);
  return result;
}

}  // namespace emf::scenes
