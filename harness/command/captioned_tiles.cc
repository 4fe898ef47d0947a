#include "harness/command/captioned_tiles.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace emf {
namespace {

constexpr int kCellWidth = 168;  // pixels of the grid; a caption line holds about 28 letters
constexpr int kLineHeight = 13;
constexpr int kCaptionLines = 3;
constexpr int kMargin = 4;
constexpr double kFontScale = 0.34;

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

std::string draw_tiles(const std::vector<Tile>& tiles, int side, int columns, bool captions) {
  const int rows = (static_cast<int>(tiles.size()) + columns - 1) / columns;
  const int scale = captions ? std::max(1, (kCellWidth - 2 * kMargin) / side) : 1;
  const int width = captions ? kCellWidth : side + 1;
  const int height = captions ? side * scale + kLineHeight * kCaptionLines + 2 * kMargin : side + 1;
  cv::Mat3b canvas(rows * height, columns * width, cv::Vec3b(255, 255, 255));
  for (size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = tiles[i];
    const cv::Point corner(static_cast<int>(i) % columns * width + (captions ? (width - side * scale) / 2 : 0),
                           static_cast<int>(i) / columns * height + (captions ? kMargin : 0));
    const cv::Mat3b rgb(side, side, reinterpret_cast<cv::Vec3b*>(const_cast<uint8_t*>(tile.picture.data())));
    cv::Mat large;
    cv::cvtColor(rgb, large, cv::COLOR_RGB2BGR);
    cv::resize(large, large, {}, scale, scale, cv::INTER_NEAREST);
    large.copyTo(canvas(cv::Rect(corner, large.size())));
    for (const Box& box : tile.boxes) {
      cv::rectangle(canvas, corner + cv::Point(cv::Point2f(box.x0, box.y0) * scale),
                    corner + cv::Point(cv::Point2f(box.x1, box.y1) * scale) - cv::Point(1, 1), {255, 255, 255});
    }
    if (!captions) continue;
    int y = corner.y + side * scale + kLineHeight - 2;
    for (const std::string& line : lines_of(tile.caption, 27)) {
      cv::putText(canvas, line, {static_cast<int>(i) % columns * width + kMargin, y}, cv::FONT_HERSHEY_SIMPLEX,
                  kFontScale, {40, 40, 40}, 1, cv::LINE_AA);
      y += kLineHeight;
    }
  }
  std::vector<uint8_t> bytes;
  cv::imencode(".png", canvas, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace emf
