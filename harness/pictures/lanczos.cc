// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/lanczos.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "harness/base/error.h"

namespace emf::pictures {
namespace {

constexpr double kLobes = 3;
constexpr int kBinaryPlaces = 22;  // 32 bits less 8 of a byte and 2 for overshoot

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -kLobes <= x && x < kLobes ? sinc(x) * sinc(x / kLobes) : 0; }

/// What one pixel of the result takes from one line of the source.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;  ///< in units of 2^-22, for source pixels first, first + 1, ...
};

/// Taps of pixels `begin` to `begin` + `count` - 1 of a line that has `size` pixels and is made from one of
/// `source_size`.
std::vector<Taps> taps_of(int source_size, int size, int begin, int count) {
  const double scale = static_cast<double>(source_size) / size;
  const double stretch = std::max(scale, 1.0), support = kLobes * stretch;
  std::vector<Taps> all(static_cast<size_t>(count));
  std::vector<double> weights;
  for (int i = 0; i < count; ++i) {
    const double center = (begin + i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), source_size);
    weights.clear();
    double sum = 0;
    for (int x = first; x < last; ++x) {
      weights.push_back(lanczos((x - center + 0.5) / stretch));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<size_t>(i)];
    taps.first = first;
    for (const double weight : weights) {
      const double units = weight / sum * (1 << kBinaryPlaces);
      taps.weights.push_back(static_cast<int32_t>(units < 0 ? units - 0.5 : units + 0.5));
    }
  }
  return all;
}

uint8_t rounded(int32_t units) { return static_cast<uint8_t>(std::clamp(units >> kBinaryPlaces, 0, 255)); }

/// One pixel from source pixels that lie `stride` bytes apart.
void blend(const Taps& taps, const uint8_t* source, size_t stride, uint8_t* target) {
  int32_t red = 1 << (kBinaryPlaces - 1), green = red, blue = red;  // a half, so that the shift rounds
  const uint8_t* pixel = source + static_cast<size_t>(taps.first) * stride;
  for (const int32_t weight : taps.weights) {
    red += pixel[0] * weight;
    green += pixel[1] * weight;
    blue += pixel[2] * weight;
    pixel += stride;
  }
  target[0] = rounded(red), target[1] = rounded(green), target[2] = rounded(blue);
}

}  // namespace

void resize_lanczos(std::span<const uint8_t> source, int source_height, int source_width, const Window& window,
                    std::span<uint8_t> target) {
  const auto row_bytes = static_cast<size_t>(window.columns) * 3,
             source_row_bytes = static_cast<size_t>(source_width) * 3;
  ensure(source.size() == source_row_bytes * static_cast<size_t>(source_height), "a source of {} bytes", source.size());
  ensure(target.size() == row_bytes * static_cast<size_t>(window.rows), "a target of {} bytes", target.size());
  const std::vector<Taps> across = taps_of(source_width, window.width, window.left, window.columns);
  std::vector<Taps> down = taps_of(source_height, window.height, window.top, window.rows);
  // Only the rows of the source that some row of the window needs.
  const int first = down.front().first;
  const int last = down.back().first + static_cast<int>(down.back().weights.size());
  std::vector<uint8_t> narrowed(row_bytes * static_cast<size_t>(last - first));
  for (int y = first; y < last; ++y) {
    const uint8_t* row = source.data() + source_row_bytes * static_cast<size_t>(y);
    uint8_t* out = narrowed.data() + row_bytes * static_cast<size_t>(y - first);
    for (const Taps& taps : across) blend(taps, row, 3, out), out += 3;
  }
  uint8_t* out = target.data();
  for (Taps& taps : down) {
    taps.first -= first;
    for (size_t x = 0; x < row_bytes; x += 3) blend(taps, narrowed.data() + x, row_bytes, out), out += 3;
  }
}

}  // namespace emf::pictures
