// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/resize.h"

#include <ATen/ATen.h>
#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/tensor/placement.h"

namespace emf {
namespace {

/// The two neighbours of every place of an axis, and how far it is from the first.
struct Neighbours {
  at::Tensor low, high;  ///< [out] int64
  at::Tensor share;      ///< [out] float32, of the second
};

/// TensorFlow 1: place i of the result is place i * in / out of the picture, with no half pixel.
Neighbours tf1_neighbours(int64_t in, int64_t out, const at::Device& device) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const at::Tensor places = at::arange(out, at::TensorOptions().device(device).dtype(at::kFloat)) * scale;
  const at::Tensor low = places.floor();
  return {low.to(at::kLong), (low + 1).clamp_max(static_cast<double>(in - 1)).to(at::kLong), places - low};
}

at::Tensor resize_tf1(const at::Tensor& x, int64_t height, int64_t width) {
  const Neighbours rows = tf1_neighbours(x.size(2), height, x.device()),
                   columns = tf1_neighbours(x.size(3), width, x.device());
  const at::Tensor left = x.index_select(3, columns.low), right = x.index_select(3, columns.high);
  const at::Tensor wide = left + (right - left) * columns.share;
  const at::Tensor top = wide.index_select(2, rows.low), bottom = wide.index_select(2, rows.high);
  return top + (bottom - top) * rows.share.unsqueeze(1);
}

}  // namespace

const std::vector<std::string>& resize_filter_names() {
  static const std::vector<std::string> names = {"bilinear", "bilinear-antialias", "bicubic-antialias", "clean-fid",
                                                 "tf1"};
  return names;
}

ResizeFilter resize_filter(const std::string& name) {
  const auto& names = resize_filter_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) fail_input("unknown resize filter '{}'{}", name, suggestion(name, names));
  return static_cast<ResizeFilter>(found - names.begin());
}

const std::string& resize_filter_name(ResizeFilter filter) {
  return resize_filter_names()[static_cast<size_t>(filter)];
}

at::Tensor resize(const at::Tensor& pictures, int64_t height, int64_t width, ResizeFilter filter) {
  ensure(pictures.dim() == 4 && pictures.size(2) > 0 && pictures.size(3) > 0 && height > 0 && width > 0,
         "pictures of {} axes to {} x {}", pictures.dim(), height, width);
  const at::Tensor x = pictures.to(at::kFloat);
  switch (filter) {
    case ResizeFilter::kBilinear:
      return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/false);
    case ResizeFilter::kBilinearAntialias:
      return at::_upsample_bilinear2d_aa(x, {height, width}, /*align_corners=*/false);
    case ResizeFilter::kBicubicAntialias:
      return at::_upsample_bicubic2d_aa(x, {height, width}, /*align_corners=*/false);
    case ResizeFilter::kCleanFid:
      return at::_upsample_bicubic2d_aa(x, {height, width}, /*align_corners=*/false).clamp_(0, 255);
    case ResizeFilter::kTf1:
      return resize_tf1(x, height, width);
  }
  throw InternalError("unknown resize filter");
}

}  // namespace emf
