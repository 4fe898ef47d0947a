// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/fit.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "harness/base/error.h"
#include "harness/pictures/picture_header.h"

namespace emf::pictures {

Window covering_window(int source_height, int source_width, int height, int width) {
  constexpr double kMostResized = 1 << 30;
  const double scale = std::max(static_cast<double>(height) / source_height, static_cast<double>(width) / source_width);
  if (scale * source_height * (scale * source_width) > kMostResized) throw UnreadablePicture("is too long and thin");
  Window window{height, width, 0, 0, height, width};
  // Compared as products: whole numbers have no rounding that could make both sides short.
  const int64_t by_height = int64_t{height} * source_width, by_width = int64_t{width} * source_height;
  if (by_height > by_width) {  // the height decides, the width stands over
    window.width = std::max(width, static_cast<int>(std::lround(static_cast<double>(by_height) / source_height)));
  } else {
    window.height = std::max(height, static_cast<int>(std::lround(static_cast<double>(by_width) / source_width)));
  }
  window.top = (window.height - height) / 2;
  window.left = (window.width - width) / 2;
  return window;
}

void fit(const Picture& source, int height, int width, Resize how, std::span<uint8_t> target) {
  ensure(target.size() == static_cast<size_t>(height) * static_cast<size_t>(width) * 3,
         "a picture of {} bytes at {} x {}", target.size(), height, width);
  const Window window = covering_window(source.height, source.width, height, width);
  if (how == Resize::kLanczos) return resize_lanczos(source.rgb, source.height, source.width, window, target);
  const cv::Mat whole(source.height, source.width, CV_8UC3, const_cast<uint8_t*>(source.rgb.data()));
  cv::Mat resized;
  const bool shrinks = window.height < source.height || window.width < source.width;
  cv::resize(whole, resized, {window.width, window.height}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  cv::Mat frame(height, width, CV_8UC3, target.data());
  resized(cv::Rect(window.left, window.top, width, height)).copyTo(frame);
}

}  // namespace emf::pictures
