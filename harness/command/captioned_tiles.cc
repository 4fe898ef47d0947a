// SPDX-License-Identifier: Apache-2.0
#include "harness/command/captioned_tiles.h"

#include <opencv2/imgproc.hpp>

#include "harness/base/error.h"
#include "harness/pictures/png.h"

namespace emf {
namespace {

constexpr int kLeastCellWidth = 168;  // pixels of the grid; a caption line holds about 28 letters
constexpr int kLineHeight = 13;
constexpr int kCaptionLines = 3;
constexpr int kMargin = 4;
constexpr double kFontScale = 0.34;
constexpr double kLetterWidth = 6;
constexpr int64_t kMostPixels = int64_t{1} << 28;

/// Breaks a caption into lines of at most `letters`; the last one ends in ".." when words are left over.
std::vector<std::string> lines_of(const std::string& text, size_t letters) {
  std::vector<std::string> lines = {""};
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > letters) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    start = end + 1;
  }
  if (lines.size() > kCaptionLines) {
    lines.resize(kCaptionLines);
    lines.back() += " ..";
  }
  return lines;
}

}  // namespace

std::string draw_tiles(const std::vector<Tile>& tiles, int height, int width, int columns, bool captions) {
  const int rows = (static_cast<int>(tiles.size()) + columns - 1) / columns;
  const int scale = captions ? std::max(1, (kLeastCellWidth - 2 * kMargin) / std::max(height, width)) : 1;
  const int cell_width = captions ? std::max(kLeastCellWidth, width * scale + 2 * kMargin) : width + 1;
  const int cell_height = captions ? height * scale + kLineHeight * kCaptionLines + 2 * kMargin : height + 1;
  if (int64_t{rows} * cell_height * columns * cell_width > kMostPixels) {
    fail_input("a grid of {} pictures of {} x {} is too large; ask for fewer (--count) or smaller ones", tiles.size(),
               height, width);
  }
  cv::Mat3b canvas(rows * cell_height, columns * cell_width, cv::Vec3b(255, 255, 255));
  for (size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = tiles[i];
    ensure(tile.picture.size() == static_cast<size_t>(height) * static_cast<size_t>(width) * 3,
           "a tile of {} bytes among pictures of {} x {}", tile.picture.size(), height, width);
    const int left = static_cast<int>(i) % columns * cell_width, top = static_cast<int>(i) / columns * cell_height;
    const cv::Point corner(left + (captions ? (cell_width - width * scale) / 2 : 0), top + (captions ? kMargin : 0));
    const cv::Mat3b rgb(height, width, reinterpret_cast<cv::Vec3b*>(const_cast<uint8_t*>(tile.picture.data())));
    cv::Mat large;
    cv::resize(rgb, large, {}, scale, scale, cv::INTER_NEAREST);
    large.copyTo(canvas(cv::Rect(corner, large.size())));
    for (const Box& box : tile.boxes) {
      cv::rectangle(canvas, corner + cv::Point(cv::Point2f(box.x0, box.y0) * scale),
                    corner + cv::Point(cv::Point2f(box.x1, box.y1) * scale) - cv::Point(1, 1), {255, 255, 255});
    }
    if (!captions) continue;
    int y = corner.y + height * scale + kLineHeight - 2;
    for (const std::string& line : lines_of(tile.caption, static_cast<size_t>((cell_width - kMargin) / kLetterWidth))) {
      cv::putText(canvas, line, {left + kMargin, y}, cv::FONT_HERSHEY_SIMPLEX, kFontScale, {40, 40, 40}, 1,
                  cv::LINE_AA);
      y += kLineHeight;
    }
  }
  return pictures::encode_png({canvas.data, canvas.total() * 3}, canvas.rows, canvas.cols);
}

}  // namespace emf
